import { Fragment, useRef, useState } from "react";

import { useCombobox } from "downshift";
import { useNavigate } from "react-router";

import { useWords } from "../../i18n/words";
import { Icon } from "../../ui/display/Icon";
import { KeyLayer } from "../../ui/keys/KeyLayer";
import { KeyName } from "../../ui/keys/KeyName";
import { useModal } from "../../ui/panel/useModal";
import type { Overlay } from "../shell/overlays";
import { useKeyHints } from "../shell/useKeyHints";
import { appWords, type Words } from "../words";
import styles from "./CommandMenu.module.css";
import { type Command, commandsFor } from "./commands";
import { recentCommands, rememberCommand } from "./recent";
import { thingCommand } from "./thingCommand";
import { useCommands } from "./useCommands";
import { useThings } from "./useThings";

const CHANGES = useCombobox.stateChangeTypes;
const KEEPS: ReadonlySet<unknown> = new Set([CHANGES.InputBlur, CHANGES.InputClick, CHANGES.MenuMouseLeave]);

interface Props {
  onClose: () => void;
  onOpen: (overlay: Overlay) => void;
  onFold: () => void;
}

/** One field over pages, actions and things. */
export default function CommandMenu({ onClose, onOpen, onFold }: Props) {
  const { commands: words } = useWords(appWords);
  const dialog = useRef<HTMLDialogElement>(null);
  const closed = useModal(dialog, onClose);

  return (
    <dialog ref={dialog} closedby="any" aria-label={words.title} className={styles.dialog} onClose={closed}>
      <KeyLayer>
        <Menu onClose={onClose} onOpen={onOpen} onFold={onFold} />
      </KeyLayer>
    </dialog>
  );
}

function Menu({ onClose, onOpen, onFold }: Props) {
  const { commands: words, keys } = useWords(appWords);
  const navigate = useNavigate();
  const showKeys = useKeyHints();
  const [text, setText] = useState("");
  const [recent] = useState(recentCommands);
  const { hits, isSearching } = useThings(text);
  const things = hits.map((hit) => thingCommand(words, hit, (path) => void navigate(path)));
  const items = commandsFor(text, useCommands(onOpen, onFold), things, recent);

  const run = (command: Command) => {
    if (command.group !== "things" && command.group !== "here") rememberCommand(command.id);
    // First: what it does may open something else, or move the focus.
    onClose();
    command.run();
  };
  const { getInputProps, getMenuProps, getItemProps, highlightedIndex } = useCombobox<Command>({
    items,
    isOpen: true,
    inputValue: text,
    selectedItem: null,
    defaultHighlightedIndex: 0,
    initialHighlightedIndex: 0,
    itemToString: (item) => item?.label ?? "",
    itemToKey: (item) => item?.id,
    stateReducer: (state, { type, changes }) => {
      // A new text has a new best match.
      if (type === CHANGES.InputChange) return { ...changes, highlightedIndex: 0 };
      // Leaving the field or the list chooses nothing, and clicking the field loses nothing.
      return KEEPS.has(type) ? state : changes;
    },
    onSelectedItemChange: ({ selectedItem }) => {
      if (selectedItem !== null) run(selectedItem);
    },
  });

  return (
    <>
      <div data-body="" className={styles.field}>
        <Icon name="search" size={18} />
        <input
          {...getInputProps({
            // Not downshift's handler, which is late: the caret would jump.
            onChange: ({ currentTarget }) => {
              setText(currentTarget.value);
            },
            // Escape closes the dialog; downshift would only clear the text.
            onKeyDown: (event) => {
              if (event.key === "Escape") Object.assign(event.nativeEvent, { preventDownshiftDefault: true });
            },
          })}
          type="text"
          placeholder={words.placeholder}
          aria-label={words.title}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          maxLength={600}
        />
      </div>
      <ul {...getMenuProps({ "aria-label": words.title })} className={styles.list}>
        {items.map((item, index) => (
          <Fragment key={`${item.group} ${item.id}`}>
            {item.group !== items[index - 1]?.group && (
              <li role="presentation" className={styles.heading}>
                {words.groups[item.group]}
              </li>
            )}
            <li
              {...getItemProps({ item, index })}
              className={styles.item}
              data-highlighted={index === highlightedIndex || undefined}
            >
              <Icon name={item.icon} size={16} />
              <span className={styles.label}>{item.label}</span>
              {item.detail !== undefined && <span className={styles.detail}>{item.detail}</span>}
              {showKeys && item.key !== undefined && (
                <span aria-hidden="true" className={styles.key}>
                  <KeyName name={item.key} then={keys.then} />
                </span>
              )}
            </li>
          </Fragment>
        ))}
      </ul>
      <p role="status" className={styles.state}>
        {stateText(words, text, isSearching, items.length)}
      </p>
    </>
  );
}

function stateText(words: Words["commands"], text: string, isSearching: boolean, count: number): string {
  if (text.trim() === "") return words.hint;
  if (isSearching) return words.searching;
  return count === 0 ? words.none : words.found(count);
}
