"""The seed of a bank's spend keys, where the bank chooses that its instance holds it: handed over, taken back."""

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from api.http.model.consent_request import NewSpendSeed, SpendSeedState
from api.http.request.admission import AdmittedRoute, ServingInstance, SignedIn
from ledger_node.domain.spending import SpendSeed

router = APIRouter(tags=["consents"], route_class=AdmittedRoute)


@router.put("/spend-seed", summary="Hand the seed of your spend keys over: this instance then signs your uses")
async def hand_over_spend_seed(wanted: NewSpendSeed, instance: ServingInstance, bank: SignedIn) -> SpendSeedState:
    """Take ``{seed}`` and hold it sealed, in the place of one that you handed over before. Nothing gives it out again.

    From then on ``POST /v1/verifications`` needs no ``use``, and ``POST /v1/consent-requests`` no ``spend_key``. What
    this instance could do with it: spend the uses of your consents. Answers go only to who signs in.
    """
    await run_in_threadpool(instance.spend_seeds.hand_over, bank.id, SpendSeed(wanted.seed))
    return SpendSeedState(is_held=True)


@router.get("/spend-seed", summary="Whether this instance holds the seed of your spend keys")
def get_spend_seed(instance: ServingInstance, bank: SignedIn) -> SpendSeedState:
    """Return ``{is_held}``, and never the seed."""
    return SpendSeedState(is_held=instance.spend_seeds.is_held(bank.id))


@router.delete("/spend-seed", summary="Take the seed of your spend keys back")
def take_back_spend_seed(instance: ServingInstance, bank: SignedIn) -> SpendSeedState:
    """Forget it for good: the key that opens it is erased. Your own copy spends as before."""
    instance.spend_seeds.take_back(bank.id)
    return SpendSeedState(is_held=False)
