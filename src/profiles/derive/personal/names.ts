/** Names of fields that hold personal data or secrets, whatever their value looks like. */

export type PersonalKind =
  | 'email'
  | 'phone'
  | 'iban'
  | 'card'
  | 'ip'
  | 'first_name'
  | 'last_name'
  | 'full_name'
  | 'user_name'
  | 'street'
  | 'zip'
  | 'birthday'
  | 'secret'
  | 'uuid'
  | 'hex'

/** In lower case, without anything between the words. */
const NAMES: Readonly<Partial<Record<PersonalKind, readonly string[]>>> = {
  email: ['email', 'mail', 'emailaddress', 'useremail', 'mailto', 'recipientemail'],
  phone: ['phone', 'phonenumber', 'tel', 'telephone', 'mobile', 'mobilenumber', 'msisdn', 'fax'],
  iban: ['iban', 'bankaccount'],
  card: ['card', 'cardnumber', 'creditcard', 'creditcardnumber', 'ccnumber', 'pan'],
  ip: ['ip', 'ipaddress', 'clientip', 'remoteip', 'remoteaddress'],
  first_name: ['firstname', 'givenname', 'forename', 'fname', 'vorname', 'prenom'],
  last_name: ['lastname', 'surname', 'familyname', 'lname', 'nachname', 'nom'],
  full_name: ['fullname', 'realname', 'displayname', 'customername', 'cardholder', 'recipient'],
  user_name: ['username', 'userlogin', 'login', 'nick', 'nickname', 'screenname', 'handle'],
  street: ['street', 'address', 'address1', 'address2', 'addressline1', 'streetaddress', 'strasse'],
  zip: ['zip', 'zipcode', 'postcode', 'postalcode', 'plz'],
  birthday: ['birthday', 'birthdate', 'dateofbirth', 'dob'],
  secret: [
    'password',
    'passwd',
    'passphrase',
    'pwd',
    'pass',
    'secret',
    'clientsecret',
    'token',
    'accesstoken',
    'refreshtoken',
    'idtoken',
    'resettoken',
    'apikey',
    'auth',
    'authorization',
    'session',
    'sessionid',
    'phpsessid',
    'jsessionid',
    'sid',
    'csrf',
    'csrftoken',
    'xsrf',
    'xsrftoken',
    'jwt',
    'otp',
    'pin',
    'cvv',
    'cvc',
    'ssn',
    'signature',
    'sig',
  ],
}

const KINDS = new Map(
  Object.entries(NAMES).flatMap(([kind, names]) => names.map((name) => [name, kind] as const)),
)

/**
 * The kind of what a field of this name holds; undefined where the name says nothing.
 * @param isPath a path parameter called `name` is that of a thing, a field of a form is a person's
 */
export function kindOfName(field: string, isPath: boolean): PersonalKind | undefined {
  const name = field.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  if (name === 'name' && !isPath) return 'full_name'
  return findKind(KINDS.get(name))
}

function findKind(text: string | undefined): PersonalKind | undefined {
  return PERSONAL_KINDS.find((kind) => kind === text)
}

export const PERSONAL_KINDS: readonly PersonalKind[] = [
  'email',
  'phone',
  'iban',
  'card',
  'ip',
  'first_name',
  'last_name',
  'full_name',
  'user_name',
  'street',
  'zip',
  'birthday',
  'secret',
  'uuid',
  'hex',
]
