"""What each word of the taxonomies means, for whoever has to choose one at night.

The words are those of common incident-management practice (10 incident types, 10 technical and 11 service
categories); `domain.vocabulary` has their names.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

TYPES: Mapping[str, str] = MappingProxyType(
    {
        "performance_degradation": "it works, but slower or worse: load, congestion, a bug",
        "service_outage": "it does not work at all: hardware, crash, network, denial of service",
        "security_breach": "somebody was where they must not be: access, data, malware",
        "data_loss_or_corruption": "data is gone or wrong, by mistake, failure or attack",
        "user_access_issues": "people cannot get in, or not to what they need: log-in, lock-out, permission",
        "application_errors": "an application fails or behaves wrongly: bug, exception, crash",
        "configuration_issues": "something is set wrongly: network, access control, system setting",
        "communication_disruptions": "people or systems cannot reach each other: lines, phones, mail",
        "hardware_failures": "a machine or a part of one has failed: server, disk, network device",
        "software_updates_and_patches": "an update went wrong: compatibility, installation, side effects",
    }
)
TECHNICAL_CATEGORIES: Mapping[str, str] = MappingProxyType(
    {
        "network": "connectivity, routers and switches, protocols",
        "hardware": "servers, storage, devices: things one can touch",
        "software": "operating systems, programs, how they work together",
        "database": "data integrity, slow queries, a database server",
        "security": "intrusion, malware, data breach, vulnerability",
        "applications": "one particular application, bought or made",
        "infrastructure": "power, cooling, buildings, the environment",
        "telecommunications": "telephony, mobile networks, voice over IP",
        "cloud": "a provider's services: machines, storage, platforms",
        "desktop_end_user": "workstations, profiles, printers and other peripherals",
    }
)
SERVICE_CATEGORIES: Mapping[str, str] = MappingProxyType(
    {
        "email_service": "sending, receiving, delivery, mailboxes, spam",
        "website_or_web_application": "outages, errors, slow pages, forms",
        "customer_support": "tickets, live chat, call centre, customer information",
        "payment_processing": "transactions, gateways, payment methods, records",
        "inventory_management": "stock levels, synchronisation, tracking",
        "collaboration_platform": "documents, projects, video calls, shared resources",
        "human_resources": "onboarding, leave, payroll, personal data",
        "customer_relationship_management": "customer data, profiles, sales, integrations",
        "enterprise_resource_planning": "orders, invoices, reports, procurement",
        "telecommunication_services": "phones and conferencing inside the organisation",
        "it_infrastructure": "servers, networks, data centres, backups in general",
    }
)
