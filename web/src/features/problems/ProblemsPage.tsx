export default function ProblemsPage() {
  return <h1>Problems</h1>;
}
