/** Dark and light: the system's wish, until the operator says otherwise. */

import type { Palette } from "./scene.ts";

export type Theme = "dark" | "light";
const KEY = "hailstorm.theme";

const DARK: Palette = {
  background: "#0c0f13",
  land: "#171c23",
  outline: "#465364",
  label: "#8d98a8",
  vehicles: [[77, 87, 102], [169, 181, 198], [140, 196, 255], [47, 134, 246]],
  vehicleEdge: "#0c0f13",
  selection: [228, 232, 238],
  priceRamp: [[122, 74, 20], [201, 120, 28], [244, 150, 50], [255, 104, 64]],
  supplyRamp: [[38, 70, 74], [44, 122, 120], [84, 196, 180]],
  demandRamp: [[72, 52, 96], [128, 84, 170], [196, 150, 240]],
  partitions: [[120, 170, 255], [240, 170, 90], [120, 210, 160], [214, 140, 220], [220, 210, 110], [110, 205, 220]],
};

const LIGHT: Palette = {
  background: "#e2e7ed",
  land: "#f8f9fb",
  outline: "#a3afbd",
  label: "#5d6978",
  vehicles: [[179, 188, 200], [95, 110, 130], [106, 169, 242], [15, 95, 208]],
  vehicleEdge: "#f8f9fb",
  selection: [23, 32, 43],
  priceRamp: [[252, 216, 156], [248, 180, 84], [236, 132, 36], [212, 70, 30]],
  supplyRamp: [[190, 226, 220], [98, 186, 176], [18, 128, 120]],
  demandRamp: [[222, 206, 240], [172, 132, 216], [112, 62, 170]],
  partitions: [[40, 96, 200], [190, 104, 10], [20, 130, 80], [150, 60, 160], [130, 115, 0], [10, 120, 140]],
};

export function currentTheme(): Theme {
  const chosen = localStorage.getItem(KEY);
  if (chosen === "dark" || chosen === "light") {
    return chosen;
  }
  return matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
}

export function chooseTheme(theme: Theme): void {
  localStorage.setItem(KEY, theme);
}

export function paletteOf(theme: Theme): Palette {
  return theme === "dark" ? DARK : LIGHT;
}
