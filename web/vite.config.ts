/// <reference types="vitest/config" />
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const API = process.env.ORYLO_API_URL ?? "http://127.0.0.1:8000";

/** Build `/api/docs`, the API reference. Swagger UI is served by us: the content security policy allows no other host. */
function apiReference(): Plugin {
  const swagger = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  const files = [
    join("docs", "index.html"),
    join("docs", "start.css"),
    join("docs", "start.js"),
    join(swagger, "swagger-ui.css"),
    join(swagger, "swagger-ui-bundle.js"),
  ];
  return {
    name: "orylo-api-reference",
    apply: "build",
    writeBundle({ dir }) {
      const target = join(dir ?? "dist", "docs");
      mkdirSync(target, { recursive: true });
      for (const file of files) copyFileSync(file, join(target, file.split("/").at(-1) ?? file));
    },
  };
}

/** Write each file also as `.br` and `.gz`, which the API serves as they are. */
function compressed(): Plugin {
  const extensions = new Set([".html", ".js", ".css", ".svg"]);
  return {
    name: "orylo-compressed",
    apply: "build",
    closeBundle() {
      const target = this.environment.config.build.outDir;
      for (const file of readdirSync(target, { recursive: true, encoding: "utf8" })) {
        if (!extensions.has(extname(file))) continue;
        const path = join(target, file);
        const content = readFileSync(path);
        writeFileSync(`${path}.br`, brotliCompressSync(content));
        writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), apiReference(), compressed()],
  build: {
    target: "es2022",
    // The content security policy allows this origin and nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
  server: { host: "127.0.0.1", proxy: { "/api": API } },
  test: {
    environment: "jsdom",
    setupFiles: ["src/test/setup.ts"],
    restoreMocks: true,
    testTimeout: 60_000,
    unstubGlobals: true,
  },
});
