import { useEffect, useRef, useState } from "react";

import { Link } from "react-router";

import type { Identity } from "../../api/types";
import { useSignOut } from "../../session/session";
import { Icon } from "../../ui/display/Icon";
import { humanise } from "../../ui/format/text";
import styles from "./UserMenu.module.css";

export function UserMenu({ identity }: { identity: Identity }) {
  const [open, setOpen] = useState(false);
  const menu = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const signOut = useSignOut();

  useEffect(() => {
    if (!open) return;
    const closeOutside = (event: PointerEvent) => {
      if (event.target instanceof Node && !menu.current?.contains(event.target)) setOpen(false);
    };
    const closeOnEscape = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      setOpen(false);
      opener.current?.focus();
    };
    document.addEventListener("pointerdown", closeOutside);
    document.addEventListener("keydown", closeOnEscape);
    return () => {
      document.removeEventListener("pointerdown", closeOutside);
      document.removeEventListener("keydown", closeOnEscape);
    };
  }, [open]);

  return (
    <div ref={menu} className={styles.menu}>
      <button
        ref={opener}
        type="button"
        className={styles.opener}
        aria-expanded={open}
        aria-controls="user-menu"
        onClick={() => {
          setOpen(!open);
        }}
      >
        <span aria-hidden="true" className={styles.initial}>
          {identity.name.charAt(0).toUpperCase()}
        </span>
        <span className={styles.name}>
          <span className="visually-hidden">Signed in as </span>
          {identity.name}
        </span>
        <Icon name="chevron" />
      </button>
      {open && (
        <div id="user-menu" className={styles.panel}>
          <p className={styles.identity}>
            <span>{identity.name}</span>
            <span className={styles.role}>
              {humanise(identity.role)} · {identity.tenant.name}
            </span>
          </p>
          <Link
            to="/account"
            className={styles.item}
            onClick={() => {
              setOpen(false);
            }}
          >
            <Icon name="lock" />
            Account security
          </Link>
          <button
            type="button"
            className={styles.item}
            disabled={signOut.isPending}
            onClick={() => {
              signOut.mutate();
            }}
          >
            <Icon name="signOut" />
            Sign out
          </button>
        </div>
      )}
    </div>
  );
}
