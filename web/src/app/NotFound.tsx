import { Link } from "react-router";

import { Empty } from "../ui/states/Empty";

/** The page at an address that has none. */
export function NotFound() {
  return (
    <main>
      <title>Not found · Orylo</title>
      <h1>Not found</h1>
      <Empty text="There is no page at this address." />
      <Link to="/">Go to the live feed</Link>
    </main>
  );
}
