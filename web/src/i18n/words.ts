import { use } from "react";

import { currentLanguage, type Language, useLanguage } from "./language";

/** The words of a page or a subject in each language. A language is loaded when it is first shown. */
export interface Catalog<Words> {
  /** Return the words of a language, or a promise of them while they are loading. */
  read: (language: Language) => Words | Promise<Words>;
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

  void read(currentLanguage());
  return { read };
}

/** Return the words of a catalog in the reader's language. Suspends while they are loading. */
export function useWords<Words extends object>(catalog: Catalog<Words>): Words {
  const words = catalog.read(useLanguage());
  return words instanceof Promise ? use(words) : words;
}
