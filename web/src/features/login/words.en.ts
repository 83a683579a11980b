export const words = {
  title: "Sign in to Orylo",
  lead: "Payments, decisions and conversions as they happen.",
  ended: "Your session has ended. Sign in again to go on where you were.",
  email: "Email",
  password: "Password",
  next: "Sign in",
  busy: "Signing in…",
  back: "Back",
  signingInAs: (email: string) => `as ${email}`,
  shop: { title: "Which shop?", lead: "This email address belongs to several. Choose one." },
  code: {
    title: "Enter your code",
    label: "Code from your authenticator app",
    help: "The six digits that the app shows now. Without the app: one of your recovery codes.",
  },
  locked: {
    title: "Too many attempts",
    text: (wait: string) => `For your protection, signing in is paused. Try again in ${wait}.`,
    remaining: (clock: string) => `${clock} left`,
  },
  errors: {
    wrong_credentials: "The email address or password is incorrect.",
    wrong_totp:
      "The code is incorrect or has already been used. Enter the code that your app shows now, or a recovery code.",
    validation: "Check the email address and password.",
  } as Readonly<Record<string, string>>,
  language: "Language",
};
