// Shows checklist.json in Medplum's form for FHIR questionnaires, and keeps what it gives when the form is sent.
import { MantineProvider } from '@mantine/core';
import { MedplumClient } from '@medplum/core';
import { MedplumProvider, QuestionnaireForm } from '@medplum/react';
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';

const medplum = new MedplumClient({ baseUrl: location.href, fetch: async () => new Response('{}', { status: 404 }) });
const questionnaire = await (await fetch('checklist.json')).json();
const form = createElement(QuestionnaireForm, { questionnaire, onSubmit: response => { window.response = response } });
createRoot(document.body).render(createElement(MantineProvider, null, createElement(MedplumProvider, { medplum }, form)));
