/** Pan and zoom by mouse, touch and keyboard, and what lies under the pointer. */

import type { Fleet } from "./fleet.ts";
import type { Viewport } from "./viewport.ts";

const KEY_PAN_PX = 80;
const KEY_ZOOM = 0.5;
const PICK_PX = 9;

export interface MapEvents {
  /** The pointer is at (x, y), or left at (-1, -1); answers whether something is there. */
  hover(x: number, y: number): boolean;
  fit(): void;
}

export function controlMap(map: HTMLElement, view: Viewport, events: MapEvents): void {
  const pointers = new Map<number, { x: number; y: number }>();
  const place = (event: PointerEvent) => {
    const box = map.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const onMap = (target: EventTarget | null) => (target as Element).closest(".float, .drawer") === null;

  map.addEventListener("pointerdown", (event) => {
    if (onMap(event.target)) {
      pointers.set(event.pointerId, place(event));
      map.setPointerCapture(event.pointerId);
      map.classList.add("dragging");
    }
  });
  map.addEventListener("pointermove", (event) => {
    const now = place(event);
    const before = pointers.get(event.pointerId);
    if (before === undefined) {
      map.classList.toggle("over", onMap(event.target) && events.hover(now.x, now.y));
      return;
    }
    if (pointers.size === 2) {
      const other = [...pointers].find(([id]) => id !== event.pointerId)![1];
      const stretch = Math.hypot(now.x - other.x, now.y - other.y) / Math.hypot(before.x - other.x, before.y - other.y);
      view.zoomAt((now.x + other.x) / 2, (now.y + other.y) / 2, Math.log2(Math.max(0.1, stretch)));
    } else {
      view.pan(now.x - before.x, now.y - before.y);
    }
    pointers.set(event.pointerId, now);
  });
  for (const type of ["pointerup", "pointercancel"] as const) {
    map.addEventListener(type, (event) => {
      pointers.delete(event.pointerId);
      map.classList.toggle("dragging", pointers.size > 0);
    });
  }
  map.addEventListener("pointerleave", () => events.hover(-1e6, -1e6));
  map.addEventListener(
    "wheel",
    (event) => {
      if (onMap(event.target)) {
        event.preventDefault();
        const box = map.getBoundingClientRect();
        view.zoomAt(event.clientX - box.left, event.clientY - box.top, -event.deltaY / (event.ctrlKey ? 100 : 400));
      }
    },
    { passive: false },
  );
  map.addEventListener("keydown", (event) => {
    if (event.target !== map) {
      return;
    }
    const act = keyActions(view, events)[event.key];
    if (act !== undefined) {
      event.preventDefault();
      act();
    }
  });
  const middle = (delta: number) => () => view.zoomAt(view.width / 2, view.height / 2, delta);
  document.getElementById("zoom-in")!.addEventListener("click", middle(KEY_ZOOM));
  document.getElementById("zoom-out")!.addEventListener("click", middle(-KEY_ZOOM));
  document.getElementById("zoom-fit")!.addEventListener("click", () => events.fit());
}

function keyActions(view: Viewport, events: MapEvents): Record<string, () => void> {
  const zoom = (delta: number) => () => view.zoomAt(view.width / 2, view.height / 2, delta);
  return {
    ArrowLeft: () => view.pan(KEY_PAN_PX, 0),
    ArrowRight: () => view.pan(-KEY_PAN_PX, 0),
    ArrowUp: () => view.pan(0, KEY_PAN_PX),
    ArrowDown: () => view.pan(0, -KEY_PAN_PX),
    "+": zoom(KEY_ZOOM),
    "=": zoom(KEY_ZOOM),
    "-": zoom(-KEY_ZOOM),
    "0": () => events.fit(),
  };
}

/** Index of the vehicle nearest to a point of the screen, within reach; -1 when none. */
export function nearestVehicle(fleet: Fleet, view: Viewport, x: number, y: number): number {
  let nearest = -1;
  let best = PICK_PX * PICK_PX;
  for (let i = 0; i < fleet.count; i++) {
    const distance = (view.screenX(fleet.lon[i]!) - x) ** 2 + (view.screenY(fleet.lat[i]!) - y) ** 2;
    if (distance < best) {
      best = distance;
      nearest = i;
    }
  }
  return nearest;
}
