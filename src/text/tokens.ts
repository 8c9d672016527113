import { HIDDEN, type Rule, raw } from './rule.js'

/** Where a token may begin: not within a word, but for the end of an escape such as %20 or \n. */
const START = raw`(?:(?<![\w-])|(?<=%[\da-fA-F]{2}|\\[nrt]))`

/**
 * Tokens known by their form, from the default rules of gitleaks (github.com/gitleaks/gitleaks, MIT), where they are
 * unmistakable by how they begin; lengths are lower bounds, because an error may have cut them.
 * The last three are Google's, Render's and Supabase's, from their documentation.
 */
export const VENDORS: readonly Rule[] = [
  vendor('1password', /ops_eyJ|A3-/, raw`ops_eyJ[\w+/=]{8,}|\bA3-[A-Z0-9]{6}-[A-Z0-9]{6,11}(?:-[A-Z0-9]{5}){2,4}`),
  vendor('adobe', /p8e-/, raw`${START}p8e-[\w-]{16,}`),
  vendor('age', /AGE-SECRET-KEY-1/, raw`AGE-SECRET-KEY-1\w{8,}`),
  vendor('alibaba', /LTAI/, raw`${START}LTAI[a-zA-Z0-9]{12,}`),
  vendor('anthropic-openai', /sk-/, raw`${START}sk-[\w-]{20,}`),
  vendor('artifactory', /AKCp|cmVmd/, raw`${START}(?:AKCp|cmVmd)[A-Za-z0-9]{32,}`),
  vendor('atlassian', /ATATT3/, raw`ATATT3[\w=-]{16,}`),
  vendor('aws', /A3T|AKIA|ASIA|ABIA|ACCA/, raw`(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}`),
  vendor('azure', /Q~/, raw`${START}[\w~.]{3}\dQ~[\w~.-]{16,}`),
  vendor('databricks', /dapi/, raw`${START}dapi[a-f0-9]{32}`),
  vendor('digitalocean', /_v1_/, raw`${START}do[opr]_v1_[a-f0-9]{16,}`),
  vendor('doppler', /dp\.pt\./, raw`${START}dp\.pt\.[a-zA-Z0-9]{16,}`),
  vendor('dynatrace', /dt0c01\./, raw`dt0c01\.[a-zA-Z0-9]{8,}\.\w{8,}`),
  vendor('flyio', /fo1_|fm1|fm2/, raw`${START}(?:fo1_[\w-]{16,}|fm[12][ar]?_[\w+/=]{16,})`),
  vendor('github', /gho_|ghp_|ghr_|ghs_|ghu_|github_pat_/, raw`gh[oprsu]_\w{16,}|github_pat_\w{16,}`),
  vendor(
    'gitlab',
    /gl|GR1348941/,
    raw`gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct)-[\w-]{16,}|GR1348941[\w-]{16,}`,
  ),
  vendor('grafana', /glc_|glsa_/, raw`${START}gl(?:c|sa)_[\w+/=]{16,}`),
  vendor('huggingface', /hf_|api_org_/, raw`${START}(?:hf_|api_org_)[a-zA-Z0-9]{8,}`),
  vendor('jwt', /eyJ/, raw`${START}eyJ[\w-]{8,}(?:\.[\w-]*){1,4}`),
  vendor('linear', /lin_api_/, raw`lin_api_[a-zA-Z0-9]{16,}`),
  vendor('mailgun', /key-/, raw`${START}key-[a-f0-9]{32}`),
  vendor('new-relic', /NRAK-|NRJS-|NRII-|NRAL-/, raw`NR(?:AK|JS|II|AL)-[\w-]{16,}`),
  vendor('notion', /ntn_/, raw`${START}ntn_\w{16,}`),
  vendor('npm', /npm_/, raw`${START}npm_[a-zA-Z0-9]{16,}`),
  vendor('planetscale', /pscale_/, raw`pscale_(?:tkn|pw|oauth)_[\w=.-]{16,}`),
  vendor('postman', /PMAK-/, raw`PMAK-[a-f0-9]{16,}`),
  vendor('pulumi', /pul-/, raw`${START}pul-[a-f0-9]{32,}`),
  vendor('pypi', /pypi-AgEIcHlwaS5vcmc/, raw`pypi-AgEIcHlwaS5vcmc[\w-]{8,}`),
  vendor('sendgrid', /SG\./, raw`${START}SG\.[\w-]{8,}\.[\w-]{8,}|SG\.[\w-]{16,}\.[\w-]{16,}`),
  vendor('sentry', /sntrys_|sntryu_/, raw`sntry[su]_[\w+/=]{16,}`),
  vendor('shopify', /shpat_|shpca_|shppa_|shpss_/, raw`shp(?:at|ca|pa|ss)_[a-fA-F0-9]{16,}`),
  vendor('slack', /xox|xapp-/, raw`xox[a-z]-[\w-]{10,}|xapp-\d-[\w-]{10,}`),
  vendor('square', /sq0/, raw`sq0(?:atp|csp|idp)-[\w-]{16,}`),
  vendor('stripe', /k_live_|k_test_|k_prod_|whsec_/, raw`${START}(?:[rs]k_(?:live|test|prod)|whsec)_\w{10,}`),
  vendor('telegram', /:A/, raw`(?:${START}|(?<=\bbot))\d{8,10}:A[\w-]{30,}`),
  vendor('twilio', /SK/, raw`${START}SK[0-9a-f]{32}`),
  vendor('vault', /hvs\.|hvb\./, raw`${START}hv[sb]\.[\w-]{16,}`),
  vendor(
    'google',
    /AIza|ya29\.|GOCSPX-|1\/\/0/,
    raw`AIza[\w-]{16,}|ya29\.[\w-]{10,}|GOCSPX-[\w-]{8,}|${START}1//0[\w-]{10,}`,
  ),
  vendor('render', /rnd_/, raw`${START}rnd_\w{16,}`),
  vendor('supabase', /sbp_|sb_secret_/, raw`sb(?:p|_secret)_\w{16,}`),
]

function vendor(name: string, hint: RegExp, pattern: string): Rule {
  return { name, hint, pattern: new RegExp(pattern, 'g'), hidden: HIDDEN }
}
