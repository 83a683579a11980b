import { Link } from "react-router";

import { Empty } from "../ui/states/Empty";
import styles from "./NotFound.module.css";

/** The page at an address that has none. */
export function NotFound() {
  return (
    <main className={styles.page}>
      <title>Not found · Orylo</title>
      <h1>Not found</h1>
      <Empty text="This address does not lead to a page." />
      <Link to="/">Go to the live feed</Link>
    </main>
  );
}
