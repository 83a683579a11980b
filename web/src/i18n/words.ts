import { use } from "react";

import { currentLanguage, type Language, setLanguage, useLanguage } from "./language";

/** The words of a page or a subject in each language. A language is loaded when it is first shown. */
export interface Catalog<Words> {
  /** Return the words of a language, or a promise of them while they are loading. */
  read: (language: Language) => Words | Promise<Words>;
}

const catalogs = new Set<Catalog<object>>();

/** Show the dashboard in a language from now on. Its words are loaded first, so that nothing is blank meanwhile. */
export async function switchLanguage(next: Language): Promise<void> {
  await Promise.allSettled([...catalogs].map(async ({ read }) => read(next)));
  setLanguage(next);
}

type Loaders<Words> = Record<Language, () => Promise<{ words: Words }>>;

/** Define a catalog, and start loading the present language. A failed load is repeated by the next read. */
export function defineWords<Words extends object>(loaders: Loaders<Words>): Catalog<Words> {
  const loaded = new Map<Language, Words>();
  const loading = new Map<Language, Promise<Words>>();

  function read(language: Language): Words | Promise<Words> {
    const ready = loaded.get(language) ?? loading.get(language);
    if (ready !== undefined) return ready;
    const promise = loaders[language]().then(({ words }) => {
      loaded.set(language, words);
      return words;
    });
    loading.set(language, promise);
    promise.catch(() => loading.delete(language));
    return promise;
  }

  const catalog = { read };
  catalogs.add(catalog);
  void read(currentLanguage());
  return catalog;
}

/** Return the words of a catalog in the reader's language. Suspends while they are loading. */
export function useWords<Words extends object>(catalog: Catalog<Words>): Words {
  const words = catalog.read(useLanguage());
  return words instanceof Promise ? use(words) : words;
}
