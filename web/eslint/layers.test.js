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
    allowed("app/pages.ts", "../features/feed/FeedPage"),
    allowed("features/feed/list/LiveList.ts", "../live/useFeed"),
    allowed("features/feed/FeedPage.ts", "../../subjects/customers/TrustScore"),
    allowed("features/feed/FeedPage.test.ts", "../../test/renderApp"),
    allowed("subjects/detections/DetectionDetails.ts", "../payments/PaymentFacts"),
    allowed("subjects/customers/useCustomer.ts", "@tanstack/react-query"),
    allowed("ui/states/Failed.ts", "../controls/Button"),
    allowed("subjects/payments/labels.ts", "../../i18n/language"),
    allowed("ui/format/money.ts", "../../i18n/language"),
    allowed("test/renderApp.ts", "../app/App"),
  ],
  invalid: [
    forbidden("features/feed/FeedPage.ts", "../login/LoginPage", "features/feed", "features/login"),
    forbidden("features/feed/list/LiveList.ts", "../../login/LoginPage", "features/feed", "features/login"),
    forbidden("features/feed/FeedPage.ts", "../../app/pages", "features/feed", "app"),
    forbidden("features/feed/FeedPage.ts", "../../test/fakeApi", "features/feed", "test"),
    forbidden("subjects/payments/usePayment.ts", "../../features/feed/FeedPage", "subjects/payments", "features/feed"),
    forbidden("subjects/payments/usePayment.ts", "../../app/pages", "subjects/payments", "app"),
    forbidden("subjects/payments/usePayment.ts", "../customers/labels", "subjects/payments", "subjects/customers"),
    forbidden("ui/display/Icon.ts", "../../subjects/payments/labels", "ui", "subjects/payments"),
    forbidden("ui/display/Icon.ts", "../../features/feed/FeedPage", "ui", "features/feed"),
    forbidden("ui/display/Icon.ts", "../../api/types", "ui", "api"),
    forbidden("ui/display/Icon.ts", "../../api/types", "ui", "api", 'export { get } from "../../api/types";'),
    forbidden("ui/display/Icon.ts", "../../api/types", "ui", "api", 'void import("../../api/types");'),
    forbidden("i18n/words.ts", "../ui/format/money", "i18n", "ui"),
    forbidden("api/client.ts", "../session/session", "api", "session"),
  ],
});
