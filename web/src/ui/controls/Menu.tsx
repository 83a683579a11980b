import { type KeyboardEvent, type ReactNode, type RefObject, useId, useLayoutEffect, useRef, useState } from "react";

import { Link } from "react-router";

import { Icon, type IconName } from "../display/Icon";
import { Button } from "./Button";
import styles from "./Menu.module.css";
import { useRoving } from "./useRoving";

export interface MenuItem {
  label: string;
  icon?: IconName;
  /** What the item does, or where it leads. */
  onSelect?: () => void;
  to?: string;
  /** Why it cannot be chosen now. */
  disabled?: string | undefined;
}

interface Props {
  label: string;
  items: readonly MenuItem[];
  /** What the button shows: three dots, unless given. */
  children?: ReactNode;
  look?: "plain" | "quiet";
}

/** A button that opens a list of actions. Arrows, Home, End and typed letters move in it; Escape and Tab close it. */
export function Menu({ label, items, children, look = "quiet" }: Props) {
  const [open, setOpen] = useState(false);
  const opener = useRef<HTMLSpanElement>(null);
  const menuId = useId();
  const button = () => opener.current?.querySelector("button");
  const close = (refocus: boolean) => {
    setOpen(false);
    if (refocus) button()?.focus();
  };

  return (
    <span ref={opener} className={styles.wrapper} data-menu-open={open || undefined}>
      <Button
        look={look}
        aria-label={children === undefined ? label : undefined}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? menuId : undefined}
        onClick={() => {
          setOpen(!open);
        }}
        onKeyDown={(event) => {
          if (event.key !== "ArrowDown") return;
          event.preventDefault();
          setOpen(true);
        }}
      >
        {children ?? <Icon name="more" size={16} />}
      </Button>
      {open && <MenuList id={menuId} label={label} items={items} opener={opener} onClose={close} />}
    </span>
  );
}

interface ListProps {
  id: string;
  label: string;
  items: readonly MenuItem[];
  opener: RefObject<HTMLElement | null>;
  onClose: (refocus: boolean) => void;
}

function MenuList({ id, label, items, opener, onClose }: ListProps) {
  const list = useRef<HTMLDivElement>(null);
  const roving = useRoving(list, "[role=menuitem]");

  useLayoutEffect(() => {
    const element = list.current;
    if (element === null || opener.current === null) return;
    element.showPopover();
    place(element, opener.current.getBoundingClientRect());
    element.querySelector<HTMLElement>("[role=menuitem]")?.focus();
  }, [opener]);
  useLayoutEffect(() => {
    const closeOutside = ({ target }: PointerEvent) => {
      if (target instanceof Node && !opener.current?.contains(target)) onClose(false);
    };
    document.addEventListener("pointerdown", closeOutside);
    return () => {
      document.removeEventListener("pointerdown", closeOutside);
    };
  });

  function handleKey(event: KeyboardEvent) {
    if (event.key === "Escape" || event.key === "Tab") {
      if (event.key === "Escape") event.preventDefault();
      // Neither a panel nor a table may also act on the key.
      event.stopPropagation();
      onClose(true);
    } else {
      roving(event);
    }
  }

  return (
    <div ref={list} id={id} popover="manual" role="menu" aria-label={label} tabIndex={-1} className={styles.menu} onKeyDown={handleKey}>
      {items.map((item) => (
        <Item key={item.label} item={item} onClose={onClose} />
      ))}
    </div>
  );
}

function Item({ item: { label, icon, onSelect, to, disabled }, onClose }: { item: MenuItem; onClose: ListProps["onClose"] }) {
  const content = (
    <>
      {icon !== undefined && <Icon name={icon} />}
      <span>
        {label}
        {disabled !== undefined && <span className={styles.reason}>{disabled}</span>}
      </span>
    </>
  );
  const common = { role: "menuitem", tabIndex: -1, className: styles.item } as const;
  if (to !== undefined && disabled === undefined) {
    return (
      <Link
        {...common}
        to={to}
        onClick={() => {
          onClose(false);
        }}
      >
        {content}
      </Link>
    );
  }
  return (
    <button
      {...common}
      type="button"
      aria-disabled={disabled !== undefined}
      onClick={() => {
        if (disabled !== undefined) return;
        onClose(true);
        onSelect?.();
      }}
    >
      {content}
    </button>
  );
}

/** Place the list below its button, or above it where there is no space, inside the window. */
function place(list: HTMLElement, button: DOMRect) {
  const { offsetWidth: width, offsetHeight: height } = list;
  const below = button.bottom + 4;
  const top = below + height <= window.innerHeight ? below : Math.max(8, button.top - height - 4);
  const left = Math.max(8, Math.min(button.left, window.innerWidth - width - 8));
  // Relative to the page, so that it scrolls with its button.
  list.style.top = `${top + window.scrollY}px`;
  list.style.left = `${left + window.scrollX}px`;
}
