import { use } from "react";

import { currentLanguage, type Language, setLanguage, useLanguage } from "./language";

/** The words of a page or a subject in each language. A language is loaded when it is first shown. */
export interface Catalog<Words> {
  /** Return the words of a language: always the same promise, unless loading failed. */
  read: (language: Language) => Promise<Words>;
}

const catalogs = new Set<Catalog<object>>();

/** Show the dashboard in a language from now on. Its words are loaded first, so that nothing is blank meanwhile. */
export async function switchLanguage(next: Language): Promise<void> {
  await Promise.allSettled([...catalogs].map(({ read }) => read(next)));
  setLanguage(next);
}

type Loaders<Words> = Record<Language, () => Promise<{ words: Words }>>;

/** React reads these of a promise: with them, `use` returns at once, without suspending first. */
interface Fulfilled<Words> {
  status: "fulfilled";
  value: Words;
}

/** Define a catalog, and start loading the present language. A failed load is repeated by the next read. */
export function defineWords<Words extends object>(loaders: Loaders<Words>): Catalog<Words> {
  const promises = new Map<Language, Promise<Words>>();

  function read(language: Language): Promise<Words> {
    const known = promises.get(language);
    if (known !== undefined) return known;
    const promise = loaders[language]().then(({ words }) => {
      void Object.assign(promise, { status: "fulfilled", value: words } satisfies Fulfilled<Words>);
      return words;
    });
    promises.set(language, promise);
    promise.catch(() => promises.delete(language));
    return promise;
  }

  const catalog = { read };
  catalogs.add(catalog);
  void read(currentLanguage());
  return catalog;
}

/** Return the words of a catalog in the reader's language. Suspends while they are loading. */
export function useWords<Words extends object>(catalog: Catalog<Words>): Words {
  return use(catalog.read(useLanguage()));
}
