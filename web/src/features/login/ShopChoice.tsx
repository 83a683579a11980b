import type { TenantName } from "../../api/types";
import { useWords } from "../../i18n/words";
import { focusField } from "../../ui/controls/Field";
import { Icon } from "../../ui/display/Icon";
import styles from "./LoginPage.module.css";
import { loginWords } from "./words";

interface Props {
  tenants: readonly TenantName[];
  disabled: boolean;
  onChoose: (slug: string) => void;
}

/** The shops of an email address, a button for each. */
export function ShopChoice({ tenants, disabled, onChoose }: Props) {
  const { shop } = useWords(loginWords);

  return (
    <section className={styles.step} aria-labelledby="shops">
      <h2 id="shops" ref={focusField} tabIndex={-1} className={styles.question}>
        {shop.title}
      </h2>
      <p className={styles.help}>{shop.lead}</p>
      <ul className={styles.shops}>
        {tenants.map(({ slug, name }) => (
          <li key={slug}>
            <button
              type="button"
              className={styles.shop}
              disabled={disabled}
              onClick={() => {
                onChoose(slug);
              }}
            >
              <span>
                <span className={styles.shopName}>{name}</span>
                {name !== slug && <span className={styles.slug}>{slug}</span>}
              </span>
              <Icon name="chevron" />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
