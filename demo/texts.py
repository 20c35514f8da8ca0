"""What the people of the demo are called and say, by language. The bot must understand what is said to it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Phrases:
    """One language."""

    names: tuple[str, ...]
    hours: tuple[str, ...]
    order: tuple[str, ...]
    order_number: str
    billing: tuple[str, ...]
    person: tuple[str, ...]
    thanks: str
    bye: str
    problems: tuple[str, ...]
    replies: tuple[str, ...]
    back: str
    greetings: tuple[str, ...]  # from here on: agents
    answers: tuple[str, ...]
    farewell: str


LANGUAGES = {
    "en": Phrases(
        names=("Emma Clarke", "Noah Patel", "Olivia Wright", "Liam O'Brien", "Ava Thompson", "Jack Evans", "Mia Chen"),
        hours=("When are you open?", "What are your opening hours?", "Hi, are you open today?"),
        order=("Where is my order?", "What is the status of my order?", "Can you track my order?"),
        order_number="AB-{number:06}",
        billing=("There is something wrong with my invoice.", "I am waiting for a refund."),
        person=("I want to talk to a person.", "Can I talk to someone, please?", "A real person, please."),
        thanks="Thank you!",
        bye="Bye!",
        problems=(
            "My parcel says delivered, but it is not here.", "I ordered two of them and got one.",
            "I cannot sign in since yesterday.", "I would like to change my address.", "The lamp arrived broken.",
        ),
        replies=(
            "Yes, that is right.", "Let me check… yes.", "It was last Tuesday.", "No, I have not tried that.",
            "Great, that works now.", "Could you send me that by e-mail?",
        ),
        back="I am back, I have found the receipt.",
        greetings=("Hello {name}, how can I help?", "Hi {name}, I am reading what you told us. One moment."),
        answers=(
            "Let me look that up for you.", "I see it here. Is that the order from last week?",
            "I have noted that. Have you tried to reload the page?", "That will be with you in two days.",
            "I have just corrected it on our side.",
        ),
        farewell="Glad I could help. Have a nice day, {name}!",
    ),
    "pt-BR": Phrases(
        names=("Ana Souza", "João Pereira", "Beatriz Lima", "Rafael Costa", "Luísa Martins", "Caio Nogueira"),
        hours=("Que horas abre?", "Qual é o horário de atendimento?"),
        order=("Onde está meu pedido?", "Quero rastrear pedido, por favor."),
        order_number="BR-{number:06}",
        billing=("Tenho uma dúvida sobre a fatura.", "Ainda não recebi o reembolso."),
        person=("Quero falar com uma pessoa.", "Posso falar com alguém?", "Um atendente, por favor."),
        thanks="Obrigado!",
        bye="Tchau!",
        problems=(
            "O pacote consta como entregue, mas não chegou.", "Pedi dois e veio só um.",
            "Não consigo entrar desde ontem.", "Preciso mudar meu endereço.", "O abajur chegou quebrado.",
        ),
        replies=(
            "Isso mesmo.", "Deixe-me ver… sim.", "Foi na terça passada.", "Não, ainda não tentei.",
            "Ótimo, agora funcionou.", "Pode me mandar por e-mail?",
        ),
        back="Voltei, encontrei o comprovante.",
        greetings=("Olá {name}, como posso ajudar?", "Oi {name}, estou lendo o que você contou. Um momento."),
        answers=(
            "Vou verificar para você.", "Encontrei aqui. É o pedido da semana passada?",
            "Anotado. Você já tentou recarregar a página?", "Chega em dois dias.", "Acabei de corrigir do nosso lado.",
        ),
        farewell="Que bom que pude ajudar. Tenha um bom dia, {name}!",
    ),
}  # fmt: skip
