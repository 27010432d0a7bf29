/** Web Mercator view: where on the map the screen looks. Pixels are CSS pixels. */

const TILE = 512;
export const ZOOM_MIN = 6;
export const ZOOM_MAX = 18;

export function mercatorX(lon: number): number {
  return (lon + 180) / 360;
}

export function mercatorY(lat: number): number {
  const sin = Math.sin((Math.max(-85, Math.min(85, lat)) * Math.PI) / 180);
  return 0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI);
}

function unmercatorLat(y: number): number {
  return (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI;
}

export class Viewport {
  width = 1;
  height = 1;
  /** Centre in Mercator units, 0 to 1. */
  x = 0.5;
  y = 0.5;
  zoom = 10;
  /** Grows with every change, so that who draws knows when to. */
  version = 0;

  /** CSS pixels to the whole Mercator square. */
  get scale(): number {
    return TILE * 2 ** this.zoom;
  }

  get lon(): number {
    return this.x * 360 - 180;
  }

  get lat(): number {
    return unmercatorLat(this.y);
  }

  screenX(lon: number): number {
    return (mercatorX(lon) - this.x) * this.scale + this.width / 2;
  }

  screenY(lat: number): number {
    return (mercatorY(lat) - this.y) * this.scale + this.height / 2;
  }

  resize(width: number, height: number): void {
    this.width = width;
    this.height = height;
    this.version++;
  }

  pan(dx: number, dy: number): void {
    this.x -= dx / this.scale;
    this.y = Math.max(0, Math.min(1, this.y - dy / this.scale));
    this.version++;
  }

  /** Zooms so that what is under (px, py) stays there. */
  zoomAt(px: number, py: number, delta: number): void {
    const zoom = Math.max(ZOOM_MIN, Math.min(ZOOM_MAX, this.zoom + delta));
    const dx = px - this.width / 2;
    const dy = py - this.height / 2;
    const before = this.scale;
    this.zoom = zoom;
    this.x += dx / before - dx / this.scale;
    this.y += dy / before - dy / this.scale;
    this.version++;
  }

  /** Shows the box with some room around it. */
  fit(west: number, south: number, east: number, north: number, padding = 48): void {
    const left = mercatorX(west);
    const right = mercatorX(east);
    const top = mercatorY(north);
    const bottom = mercatorY(south);
    const scaleX = (this.width - 2 * padding) / Math.max(1e-9, right - left);
    const scaleY = (this.height - 2 * padding) / Math.max(1e-9, bottom - top);
    const zoom = Math.log2(Math.max(1, Math.min(scaleX, scaleY)) / TILE);
    this.zoom = Math.max(ZOOM_MIN, Math.min(ZOOM_MAX, zoom));
    this.x = (left + right) / 2;
    this.y = (top + bottom) / 2;
    this.version++;
  }
}
