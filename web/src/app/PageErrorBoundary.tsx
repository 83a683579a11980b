import { Component, type ReactNode } from "react";

interface Props {
  /** Shown if the children cannot be loaded or rendered. */
  failed: ReactNode;
  children: ReactNode;
}

export class PageErrorBoundary extends Component<Props, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    return this.state.failed ? this.props.failed : this.props.children;
  }
}
