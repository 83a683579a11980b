import { Link } from "react-router";

import { useWords } from "../i18n/words";
import { Empty } from "../ui/states/Empty";
import styles from "./NotFound.module.css";
import { appWords } from "./words";

/** The page at an address that has none. */
export function NotFound() {
  const { notFound } = useWords(appWords);

  return (
    <main className={styles.page}>
      <title>{`${notFound.title} · Orylo`}</title>
      <h1>{notFound.title}</h1>
      <Empty text={notFound.text} />
      <Link to="/">{notFound.back}</Link>
    </main>
  );
}
