import { ApiError } from "../../api/client";
import { useWords } from "../../i18n/words";
import { useProblemText } from "../../ui/problems/problemText";
import { accountWords } from "./words";

/** Return the function that says what went wrong and what to do. */
export function useSecondFactorErrorText(): (error: Error) => string {
  const { errors } = useWords(accountWords);
  const problemText = useProblemText();

  return (error) => {
    if (!(error instanceof ApiError)) return problemText(error);
    if (error.status === 409) return errors.conflict;
    const fields = error.problem.errors?.map(({ field }) => field) ?? [];
    if (fields.includes("body.password")) return errors.password;
    if (fields.includes("body.code")) return errors.code;
    return problemText(error);
  };
}
