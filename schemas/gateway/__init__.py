"""The published language of the gateway's own data: people, API keys, jobs."""

from schemas.gateway.api_keys import API_KEY_LIST as API_KEY_LIST
from schemas.gateway.api_keys import ApiKey as ApiKey
from schemas.gateway.api_keys import CreateApiKey as CreateApiKey
from schemas.gateway.api_keys import NewApiKey as NewApiKey
from schemas.gateway.api_keys import RevokeApiKey as RevokeApiKey
from schemas.gateway.events import EVENTS as EVENTS
from schemas.gateway.jobs import IMPORT_RESOURCES as IMPORT_RESOURCES
from schemas.gateway.jobs import JOB_LIST as JOB_LIST
from schemas.gateway.jobs import CancelJob as CancelJob
from schemas.gateway.jobs import Job as Job
from schemas.gateway.jobs import JobRow as JobRow
from schemas.gateway.jobs import ListJobRows as ListJobRows
from schemas.gateway.jobs import StartImport as StartImport
from schemas.gateway.people import PEOPLE_LIST as PEOPLE_LIST
from schemas.gateway.people import CreatePerson as CreatePerson
from schemas.gateway.people import Person as Person
from schemas.gateway.people import UpdatePerson as UpdatePerson
