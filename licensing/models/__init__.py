from licensing.models.account import Account, AccountGroup
from licensing.models.app import App, ApplicationId
from licensing.models.claim import HOLDING, TO_ASSIGN, TO_JUDGE, Claim, ClaimState
from licensing.models.policy import AutoClaimPolicy, AutoClaimSwitch, PolicyProduct, PolicyState
from licensing.models.product import Capability, Product, ProductPrice, ServicePlan
from licensing.models.sign_in import Reading, SignIn, SignInSource

__all__ = [
    "HOLDING",
    "TO_ASSIGN",
    "TO_JUDGE",
    "Account",
    "AccountGroup",
    "App",
    "ApplicationId",
    "AutoClaimPolicy",
    "AutoClaimSwitch",
    "Capability",
    "Claim",
    "ClaimState",
    "PolicyProduct",
    "PolicyState",
    "Product",
    "ProductPrice",
    "Reading",
    "ServicePlan",
    "SignIn",
    "SignInSource",
]
