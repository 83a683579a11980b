export default function DestinationPage() {
  return <h1>Destination</h1>;
}
