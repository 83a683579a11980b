/** A code that signs in or confirms: six digits of an authenticator app, or a recovery code. */
export const CODE_PATTERN = "[0-9]{6}|([A-Za-z2-7]{4}[\\- ]?){3}[A-Za-z2-7]{4}";
