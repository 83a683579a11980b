import type { components } from "./schema";

type Schemas = components["schemas"];

export type Conversion = Schemas["Conversion"];
export type ConversionPage = Schemas["ConversionPage"];
export type Counts = Schemas["Counts"];
export type Customer = Schemas["Customer"];
export type CustomerSummary = Schemas["CustomerSummary"];
export type CustomerPage = Schemas["CustomerPage"];
export type Decision = Schemas["Decision"];
export type Detection = Schemas["Detection"];
export type DetectionPage = Schemas["DetectionPage"];
export type DestinationList = Schemas["DestinationList"];
export type DetectorScore = Schemas["DetectorScore"];
export type Identity = Schemas["Identity"];
export type ListedDestination = Schemas["ListedDestination"];
export type LoginRequest = Schemas["LoginRequest"];
export type Overview = Schemas["Overview"];
export type Payment = Schemas["Payment"];
export type Problem = Schemas["ProblemDetails"];
export type SignedIn = Schemas["SignedIn"];
export type TenantName = Schemas["TenantName"];
export type TrustChange = Schemas["TrustChange"];
export type TrustEntry = Schemas["TrustEntry"];
