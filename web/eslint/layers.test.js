import { resolve } from "node:path";

import { RuleTester } from "eslint";
import { describe, it } from "vitest";

import { layers } from "./layers";

RuleTester.describe = describe;
RuleTester.it = it;

const file = (path) => resolve(import.meta.dirname, "../src", path);
const allowed = (path, source) => ({ filename: file(path), code: `import "${source}";` });
const forbidden = (path, source, from, to, code = `import "${source}";`) => ({
  name: `${from} imports ${to}: ${code}`,
  filename: file(path),
  code,
  errors: [{ messageId: "forbidden", data: { from, to } }],
});

new RuleTester().run("layers", layers, {
  valid: [
    allowed("app/pages.ts", "../features/payments/PaymentsPage"),
    allowed("features/payments/list/LiveList.ts", "../live/usePaymentList"),
    allowed("features/payments/PaymentsPage.ts", "../../subjects/customers/TrustScore"),
    allowed("features/payments/PaymentsPage.test.ts", "../../test/renderApp"),
    allowed("subjects/payments/StoryBrief.ts", "../detections/ReasonList"),
    allowed("subjects/customers/useCustomer.ts", "@tanstack/react-query"),
    allowed("ui/states/Failed.ts", "../controls/Button"),
    allowed("subjects/payments/labels.ts", "../../i18n/language"),
    allowed("ui/format/money.ts", "../../i18n/language"),
    allowed("test/renderApp.ts", "../app/App"),
  ],
  invalid: [
    forbidden("features/payments/PaymentsPage.ts", "../login/LoginPage", "features/payments", "features/login"),
    forbidden("features/payments/list/LiveList.ts", "../../login/LoginPage", "features/payments", "features/login"),
    forbidden("features/payments/PaymentsPage.ts", "../../app/pages", "features/payments", "app"),
    forbidden("features/payments/PaymentsPage.ts", "../../test/fakeApi", "features/payments", "test"),
    forbidden("subjects/payments/useStory.ts", "../../features/payments/PaymentsPage", "subjects/payments", "features/payments"),
    forbidden("subjects/payments/useStory.ts", "../../app/pages", "subjects/payments", "app"),
    forbidden("subjects/detections/ReasonList.ts", "../payments/labels", "subjects/detections", "subjects/payments"),
    forbidden("ui/display/Icon.ts", "../../subjects/payments/labels", "ui", "subjects/payments"),
    forbidden("ui/display/Icon.ts", "../../features/payments/PaymentsPage", "ui", "features/payments"),
    forbidden("ui/display/Icon.ts", "../../api/types", "ui", "api"),
    forbidden("ui/display/Icon.ts", "../../api/types", "ui", "api", 'export { get } from "../../api/types";'),
    forbidden("ui/display/Icon.ts", "../../api/types", "ui", "api", 'void import("../../api/types");'),
    forbidden("i18n/words.ts", "../ui/format/money", "i18n", "ui"),
    forbidden("api/client.ts", "../session/session", "api", "session"),
  ],
});
