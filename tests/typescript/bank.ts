// What a bank writes against the generated types: it lists consents, asks for a verification, and reads the answer.
// scripts/check_typescript checks its types and runs nothing.
import createClient from "openapi-fetch";
import type { components, operations, paths } from "./api";

type Consent = components["schemas"]["Consent"];
type Wanted = components["schemas"]["VerificationRequest"];
type Verification = operations["verifyClaims"]["responses"][200]["content"]["application/json"];

const api = createClient<paths>({ baseUrl: "https://credence.example" });

export async function liveConsents(): Promise<Consent[]> {
  const { data, error } = await api.GET("/v1/consents");
  if (error) throw new Error(error.reason);
  return data.consents.filter((consent) => consent.state === "live");
}

// `use`: what the consent's spend key signed for just these claims
export async function verify(
  consent: Consent,
  claims: string[],
  use: Wanted["use"],
  key: string,
): Promise<Verification> {
  const { data, error } = await api.POST("/v1/verifications", {
    params: { header: { "Idempotency-Key": `"${key}"` } },
    body: { consent: consent.id, claims, use, operator: "credit desk 7", policy: { max_age_days: 90 } },
  });
  if (error) throw new Error(`${error.reason}: ${error.detail}`);
  return data;
}

export function verdictsOf(answer: Verification): string[] {
  return answer.presentation.claims.map((claim) => {
    // a verdict is one of three words, and the compiler knows all of them
    switch (claim.verdict) {
      case "holds":
        return `${claim.claim}: yes`;
      case "does_not_hold":
        return `${claim.claim}: no`;
      case "cannot_tell":
        return `${claim.claim}: unknown, ${claim.reason ?? "no reason"}`;
      default:
        return claim.verdict satisfies never;
    }
  });
}

export async function evidenceOf(answer: Verification): Promise<{ digest: string; href: string } | null> {
  if (answer.evidence === null || answer.use === null) return null;
  const { response } = await api.GET("/v1/verifications/{use}/evidence", {
    params: { path: { use: answer.use.id } },
    parseAs: "blob",
  });
  return response.ok ? { digest: answer.evidence.digest, href: answer.evidence.href } : null;
}

// @ts-expect-error -- there is no such state
export const misspelt = (consent: Consent): boolean => consent.state === "alive";
// @ts-expect-error -- an answer has no such member
export const missing = (answer: Verification): unknown => answer.verdict;
