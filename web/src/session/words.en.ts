import { listed } from "../i18n/list";
import type { Words } from "./words";

export const words: Words = {
  roles: { operator: "Operator", owner: "Owner", admin: "Admin", analyst: "Analyst", viewer: "Viewer" },
  people: {
    operator: "the platform's operators",
    owner: "owners",
    admin: "admins",
    analyst: "analysts",
    viewer: "viewers",
  },
  onlyFor: (people) => `Only ${listed(people)} may do this.`,
  session: { what: "Your session", loading: "your session" },
  noPage: "Your role has no access to this page. Ask an owner or admin of your shop.",
};
