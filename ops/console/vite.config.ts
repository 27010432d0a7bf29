import { defineConfig } from "vite";

export default defineConfig({
  base: "/",
  build: {
    outDir: "dist",
    assetsDir: "assets",
    target: "es2022",
    // deck.gl is fetched only where a GPU is present; its size is no warning.
    chunkSizeWarningLimit: 1200,
  },
  server: { proxy: { "/api": "http://127.0.0.1:8100", "/live": "http://127.0.0.1:8100", "/info": "http://127.0.0.1:8100" } },
});
