import { Component, type ReactNode } from "react";

import { Failed } from "../ui/states/Failed";

interface Props {
  title: string;
  /** What to do. After an update of Orylo, a page opened before it cannot load further pages: their file names have changed. */
  advice: string;
  children: ReactNode;
}

/** Show the failed state if a page cannot be loaded or rendered. Its button reloads the whole dashboard. */
export class PageErrorBoundary extends Component<Props, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <Failed
        what={this.props.title}
        error={new Error(this.props.advice)}
        retry={() => {
          window.location.reload();
        }}
      />
    );
  }
}
