import httpx


async def test_http_function_answers(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/parcels/12/a/b?x=1&x=2")
    assert answer.status_code == 200
    assert answer.json()["route"] == {"number": "12", "rest": "a/b"}
