import react from "@vitejs/plugin-react";
import { loadEnv } from "vite";
import { defineConfig } from "vitest/config";

/** Where `npm run dev` finds a hub; open the printed login address under the dev server's own port. */
const HUB = loadEnv("development", ".", "SKEIN_")["SKEIN_HUB"] ?? "http://127.0.0.1:8099";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2022",
    // The hub forbids inline content, so nothing may become a data: URL but images.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": { target: HUB, changeOrigin: true }, "/login": { target: HUB, changeOrigin: true } } },
  test: { include: ["src/**/*.test.ts"] },
});
