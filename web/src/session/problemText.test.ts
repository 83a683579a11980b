import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { describe, expect, it } from "vitest";

import { ApiError, Unreachable } from "../api/client";
import { problemText } from "../ui/problems/problemText";
import { words as english } from "../ui/problems/words.en";
import { words as portuguese } from "../ui/problems/words.pt-BR";

const API = resolve(import.meta.dirname, "../../../services/api");

/** Every code in the examples of the OpenAPI document, and every code that an endpoint of the API gives. */
function codes(): string[] {
  const inDocument = readFileSync(join(API, "openapi.json"), "utf8").matchAll(/urn:orylo:problem:([a-z_]+)/g);
  const sources = readdirSync(join(API, "src"), { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".py"));
  const inCode = sources.flatMap((file) => [
    ...readFileSync(join(API, "src", file), "utf8").matchAll(/\bcode="([a-z_]+)"/g),
  ]);
  return [...new Set([...inDocument, ...inCode].map(([, code]) => code ?? ""))].sort();
}

const apiError = (code: string, detail = "The API says so.", retryAfter?: number) =>
  new ApiError(409, { type: `urn:orylo:problem:${code}`, detail }, retryAfter);

describe("the words of problems", () => {
  it("finds the API's codes", () => {
    expect(codes()).toEqual(expect.arrayContaining(["validation", "count_changed", "wrong_totp"]));
  });

  it.each(codes())("says %s in Portuguese", (code) => {
    expect(problemText(portuguese, apiError(code, "The API says so."))).not.toBe("The API says so.");
  });

  it("falls back to the sentence of the API", () => {
    expect(problemText(english, apiError("label_taken"))).toBe("The API says so.");
    expect(problemText(portuguese, apiError("new_code"))).toBe("The API says so.");
    expect(problemText(portuguese, apiError("constructor"))).toBe("The API says so.");
  });

  it("says how long to wait", () => {
    expect(problemText(english, apiError("too_many_attempts", "", 840))).toBe("Too many attempts. Try again in 14 minutes.");
    expect(problemText(portuguese, apiError("too_many_attempts", "", 45))).toBe("Tentativas demais. Tente de novo em 45 segundos.");
  });

  it("keeps the message of maintenance, which a person wrote", () => {
    expect(problemText(portuguese, apiError("maintenance", "Até as 14 h."))).toContain("Até as 14 h.");
  });

  it("says who holds a case", () => {
    const held = new ApiError(409, {
      type: "urn:orylo:problem:case_held",
      detail: "The case is held.",
      holder: { name: "bia@shop.example", until: "2026-03-14T15:14:26Z" },
    });
    expect(problemText(portuguese, held)).toBe("bia@shop.example está com este caso.");
  });

  it("reports a missing response, and leaves other errors as they are", () => {
    expect(problemText(portuguese, new Unreachable(null))).toMatch(/^O Orylo não está respondendo/);
    expect(problemText(portuguese, new Error("Something."))).toBe("Something.");
  });
});
