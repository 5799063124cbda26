"""Guides to the services of the cast, in Chinese and in English."""

from __future__ import annotations

from hall.models import Service, ServiceGuide

TEXTS = {
    "zh-hans": {
        "summary": "达到退休年龄的职工申请养老金。",
        "documents": "居民身份证\n社会保障卡",
        "conditions": "达到退休年龄",
        "steps": "取号\n交材料",
        "time_limit": "20个工作日",
        "complaining": "拨打12345",
    },
    "en": {
        "summary": "Employees of retirement age claim their pension.",
        "documents": "Identity card\n\n Social security card ",
        "conditions": "You have reached the age",
        "steps": "Take a ticket\nHand in the papers",
        "time_limit": "20 working days",
        "basis": "Social Insurance Law, Article 16",
        "best_time": "Tuesday morning",
        "fee": "Free",
        "delivery": "By post",
        "hours": "Monday to Friday",
        "place": "Floor 2",
        "asking": "At the guide desk",
        "complaining": "Call 12345",
    },
}


def publish(service: Service, *languages: str, **texts: str) -> None:
    """Guides to a service in these languages."""
    for language in languages:
        ServiceGuide.objects.create(service=service, language=language, **(TEXTS[language] | texts))
