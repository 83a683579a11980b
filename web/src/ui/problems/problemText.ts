import { useCallback } from "react";

import { useWords } from "../../i18n/words";
import { requestIdOf } from "./requestId";
import { problemWords, type Words } from "./words";

/** What an error of `api/client` has beside its message. Read by its shape: `ui` does not import `api`. */
interface ProblemShape extends Error {
  status?: number;
  code?: string;
  detail?: string;
  retryAfter?: number | undefined;
  problem?: { holder?: { name: string } | null };
}

/**
 * Return what an error says in the reader's language: by the problem's code, else the API's own sentence.
 */
export function problemText({ problems, unreachable }: Words, error: Error): string {
  const { code = "", detail = error.message, retryAfter, problem } = error as ProblemShape;
  if (error.name === "Unreachable") return unreachable;
  const sentence = Object.hasOwn(problems, code) ? problems[code] : undefined;
  if (typeof sentence !== "function") return sentence ?? detail;
  return sentence({ detail, retryAfter, holder: problem?.holder?.name });
}

/**
 * Return the function that puts an error into the reader's words, for forms and toasts. It names the request of an error
 * of the server, which support can look up.
 */
export function useProblemText(): (error: Error) => string {
  const words = useWords(problemWords);
  return useCallback(
    (error) => {
      const { status = 0 } = error as ProblemShape;
      const requestId = status >= 500 ? requestIdOf(error) : undefined;
      const text = problemText(words, error);
      return requestId === undefined ? text : `${text} ${words.request(requestId)}`;
    },
    [words],
  );
}
