import { StatusDialog } from "./StatusDialog";

interface Props {
  customerId: string;
  onClose: () => void;
}

/** Ask for reason and duration, and block a buyer. */
export const BlockCustomer = (props: Props) => <StatusDialog status="blocked" {...props} />;

/** Ask for reason and duration, and always allow a buyer. */
export const AllowCustomer = (props: Props) => <StatusDialog status="allowlisted" {...props} />;
