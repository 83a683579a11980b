export default function ConversionsPage() {
  return <h1>Conversions</h1>;
}
