export default function DestinationsPage() {
  return <h1>Destinations</h1>;
}
