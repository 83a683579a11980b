import type { components } from "./schema";

type Schemas = components["schemas"];

export type ActiveSwitch = Schemas["ActiveSwitch"];
export type Conversion = Schemas["Conversion"];
export type ConversionPage = Schemas["ConversionPage"];
export type Counts = Schemas["Counts"];
export type Customer = Schemas["Customer"];
export type CustomerSeen = Schemas["CustomerSeen"];
// What live rows show of a customer; a list has figures beside it.
export type CustomerSummary = Omit<Schemas["Customer"], "history">;
export type CustomerPage = Omit<Schemas["CustomerPage"], "items"> & { items: CustomerSummary[] };
export type Decision = Schemas["Decision"];
export type Detection = Schemas["Detection"];
export type DetectionPage = Schemas["DetectionPage"];
export type DestinationList = Schemas["DestinationList"];
export type DetectorScore = Schemas["DetectorScore"];
export type Enrolment = Schemas["Enrolment"];
export type Identity = Schemas["Identity"];
export type ListedDestination = Schemas["ListedDestination"];
export type LoginRequest = Schemas["LoginRequest"];
export type Overview = Schemas["Overview"];
export type PeriodFigures = Schemas["PeriodFigures"];
export type OverviewUpdate = Schemas["OverviewUpdate"];
export type Payment = Schemas["Payment"];
export type Preferences = Schemas["Preferences"];
export type PreferencesBody = Schemas["PreferencesBody"];
export type Problem = Schemas["ProblemDetails"];
export type RecoveryCodes = Schemas["RecoveryCodes"];
export type RuleHit = Schemas["RuleHit"];
export type SecondFactorState = Schemas["SecondFactorState"];
export type SignedIn = Schemas["SignedIn"];
export type SwitchList = Schemas["SwitchList"];
export type SwitchesChanged = Schemas["SwitchesChanged"];
export type TenantName = Schemas["TenantName"];
export type TrustChange = Schemas["TrustChange"];
export type TrustEntry = Schemas["TrustEntry"];
