// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {IConsentRegistry} from "./interfaces/IConsentRegistry.sol";
import {IMemberRegistry, KeyPurpose, Role} from "./interfaces/IMemberRegistry.sol";

/// @title ConsentRegistry
/// @notice See IConsentRegistry for what it promises.
contract ConsentRegistry is IConsentRegistry, EIP712 {
    uint256 public constant MAX_USES_AT_A_TIME = 500;
    /// @notice The used numbers are 96 bits beside the spend key.
    uint32 public constant MAX_USES = 96;

    bytes1 private constant SECRET_TAG = 0x40;
    bytes private constant BOUNDS_TYPE =
        "Bounds(uint64 notBefore,uint64 expiresAt,uint32 maxUses,uint64 grantBefore,address spendKey,address stewardKey,bytes32 withdrawalHash)";
    bytes private constant TERMS_TYPE =
        "Terms(uint16 version,bytes32 subject,bytes32 grantee,string granteeName,string purpose,string purposeText,string[] questions,bytes32[] departments,string dataFrom,string dataTo,uint32 retentionDays,bytes32 salt,string language,bytes32 textDigest,bytes32 wording,string[] departmentNames)";
    bytes private constant ASKED_TYPE =
        "Asked(uint16 version,bytes32 subject,bytes32 grantee,string granteeName,string purpose,string purposeText,string[] questions,bytes32[] departments,string dataFrom,string dataTo,uint64 notBefore,uint64 expiresAt,uint32 maxUses,uint32 retentionDays,address spendKey,bytes32 salt)";
    bytes32 private constant BOUNDS_TYPEHASH = keccak256(BOUNDS_TYPE);
    bytes32 private constant CONSENT_TYPEHASH =
        keccak256(abi.encodePacked("Consent(Terms terms,Bounds bounds)", BOUNDS_TYPE, TERMS_TYPE));
    bytes32 private constant REQUEST_TYPEHASH =
        keccak256(abi.encodePacked("Request(Asked asked,address answerKey)", ASKED_TYPE));
    bytes32 private constant GRANT_TYPEHASH = keccak256("Grant(bytes32 consent,bytes32 signaturesDigest)");
    bytes32 private constant ANSWER_TYPEHASH = keccak256("Answer(bytes32 request,bytes32 consent)");
    bytes32 private constant CHANGE_TYPEHASH =
        keccak256("Change(bytes32 consent,uint24 number,uint8 kind,bytes32 wordDigest)");
    bytes32 private constant USE_TYPEHASH =
        keccak256("Use(bytes32 consent,uint32 number,bytes32 ticket,uint64 notAfter)");

    /// @notice Who the members are and which keys are theirs.
    IMemberRegistry public immutable MEMBERS;

    mapping(bytes32 id => Consent) private _consents;
    mapping(bytes32 requestId => RequestState) private _requests;
    /// @inheritdoc IConsentRegistry
    bool public usesFrozen;

    constructor(IMemberRegistry members) EIP712("Credence", "1") {
        MEMBERS = members;
    }

    /// @inheritdoc IConsentRegistry
    function request(bytes32 requestId) external {
        bytes32 relayer = MEMBERS.actorOf(msg.sender, Role.RELAYER, KeyPurpose.RELAY);
        if (requestId == 0) revert RequestIdZero();
        if (_requests[requestId] != RequestState.None) revert RequestExists(requestId);

        _requests[requestId] = RequestState.Open;

        emit ConsentRequested(requestId, relayer, msg.sender);
    }

    /// @inheritdoc IConsentRegistry
    function refuse(bytes32 askedHash, address answerKey, bytes calldata signature) external {
        MEMBERS.requireNotFrozen();

        bytes32 requestId = _answer(askedHash, answerKey, 0, RequestState.Refused, signature);

        emit RequestRefused(requestId, MEMBERS.memberOf(msg.sender), msg.sender);
    }

    /// @inheritdoc IConsentRegistry
    function grant(
        bytes32 termsHash,
        Bounds calldata bounds,
        bytes32 signaturesDigest,
        bytes calldata word,
        Answering calldata answering
    ) external returns (bytes32 id) {
        bytes32 relayer = MEMBERS.actorOf(msg.sender, Role.RELAYER, KeyPurpose.RELAY);
        id = consentId(termsHash, bounds);
        State state = _consents[id].state;
        if (state == State.Withdrawn) revert ConsentNotLive(id);
        if (state != State.None) revert ConsentExists(id);
        _requireBounds(id, bounds);
        if (signaturesDigest == 0) revert ConsentSignaturesDigestZero(id);
        bytes32 digest = keccak256(abi.encode(GRANT_TYPEHASH, id, signaturesDigest));
        if (!_signed(digest, word, bounds.stewardKey)) revert ConsentSignatureWrong(id);

        _grant(id, bounds, signaturesDigest);

        emit ConsentGranted(
            id, relayer, msg.sender, uint64(block.timestamp), termsHash, bounds, signaturesDigest
        );

        if (answering.answerKey != address(0)) {
            bytes32 requestId = _answer(
                answering.askedHash, answering.answerKey, id, RequestState.Granted, answering.signature
            );
            emit RequestGranted(requestId, id);
        }
    }

    /// @inheritdoc IConsentRegistry
    function pause(
        bytes32 termsHash,
        Bounds calldata bounds,
        uint24 number,
        bytes32 wordDigest,
        bytes calldata signature
    ) external {
        MEMBERS.requireNotFrozen();
        bytes32 id = consentId(termsHash, bounds);
        Consent storage c = _requireGranted(id);
        if (c.state == State.Paused) revert ConsentAlreadyPaused(id);

        _change(c, id, ChangeKind.Pause, number, wordDigest, bounds.stewardKey, signature);
        c.state = State.Paused;

        emit ConsentPaused(
            id, MEMBERS.memberOf(msg.sender), msg.sender, number, uint64(block.timestamp), wordDigest
        );
    }

    /// @inheritdoc IConsentRegistry
    function resume(
        bytes32 termsHash,
        Bounds calldata bounds,
        uint24 number,
        bytes32 wordDigest,
        bytes calldata signature
    ) external {
        MEMBERS.requireNotFrozen();
        bytes32 id = consentId(termsHash, bounds);
        Consent storage c = _requireGranted(id);
        if (c.state != State.Paused) revert ConsentNotPaused(id);
        if (wordDigest == 0) revert ConsentWordDigestZero(id);

        _change(c, id, ChangeKind.Resume, number, wordDigest, bounds.stewardKey, signature);
        c.state = State.Live;

        emit ConsentResumed(
            id, MEMBERS.memberOf(msg.sender), msg.sender, number, uint64(block.timestamp), wordDigest
        );
    }

    /// @inheritdoc IConsentRegistry
    function withdraw(bytes32 termsHash, Bounds calldata bounds, bytes32 secret) external {
        bytes32 id = consentId(termsHash, bounds);
        Consent storage c = _requireNotWithdrawn(id);
        if (keccak256(abi.encodePacked(SECRET_TAG, secret)) != bounds.withdrawalHash) {
            revert ConsentWrongSecret(id);
        }

        c.state = State.Withdrawn;
        c.changedAt = uint40(block.timestamp);

        emit ConsentWithdrawn(id, MEMBERS.memberOf(msg.sender), msg.sender, 0, uint64(block.timestamp), 0);
    }

    /// @inheritdoc IConsentRegistry
    function withdrawBySteward(
        bytes32 termsHash,
        Bounds calldata bounds,
        uint24 number,
        bytes32 wordDigest,
        bytes calldata signature
    ) external {
        bytes32 id = consentId(termsHash, bounds);
        Consent storage c = _requireNotWithdrawn(id);

        _change(c, id, ChangeKind.Withdraw, number, wordDigest, bounds.stewardKey, signature);
        c.state = State.Withdrawn;

        emit ConsentWithdrawn(
            id, MEMBERS.memberOf(msg.sender), msg.sender, number, uint64(block.timestamp), wordDigest
        );
    }

    /// @inheritdoc IConsentRegistry
    function followFreeze() external {
        bool frozen = MEMBERS.frozen();
        if (frozen == usesFrozen) return;

        usesFrozen = frozen;

        emit UsesFrozenChanged(frozen);
    }

    /// @inheritdoc IConsentRegistry
    function recordUse(SignedUse calldata use) external {
        if (usesFrozen) revert IMemberRegistry.MembersFrozen();

        _recordUse(use, _domainSeparatorV4());
    }

    /// @inheritdoc IConsentRegistry
    function recordUses(SignedUse[] calldata uses) external {
        if (usesFrozen) revert IMemberRegistry.MembersFrozen();
        if (uses.length > MAX_USES_AT_A_TIME) revert UseListTooLong(uses.length, MAX_USES_AT_A_TIME);

        bytes32 domain = _domainSeparatorV4();
        for (uint256 i = 0; i < uses.length; ++i) {
            _recordUse(uses[i], domain);
        }
    }

    /// @inheritdoc IConsentRegistry
    function consent(bytes32 id) external view returns (Consent memory) {
        return _consents[id];
    }

    /// @inheritdoc IConsentRegistry
    function requestState(bytes32 requestId) external view returns (RequestState) {
        return _requests[requestId];
    }

    /// @inheritdoc IConsentRegistry
    function isLive(bytes32 id) external view returns (bool) {
        Consent storage c = _consents[id];
        return c.state == State.Live && c.notBefore <= block.timestamp && block.timestamp < c.expiresAt
            && c.used != (uint256(1) << c.maxUses) - 1;
    }

    /// @inheritdoc IConsentRegistry
    function exists(bytes32 id) external view returns (bool) {
        return _consents[id].grantedAt != 0;
    }

    /// @inheritdoc IConsentRegistry
    function consentId(bytes32 termsHash, Bounds calldata bounds) public view returns (bytes32) {
        bytes32 boundsHash = keccak256(abi.encode(BOUNDS_TYPEHASH, bounds));
        return _hashTypedDataV4(keccak256(abi.encode(CONSENT_TYPEHASH, termsHash, boundsHash)));
    }

    /// @inheritdoc IConsentRegistry
    function requestIdOf(bytes32 askedHash, address answerKey) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(REQUEST_TYPEHASH, askedHash, answerKey)));
    }

    function _grant(bytes32 id, Bounds calldata bounds, bytes32 signaturesDigest) private {
        _consents[id] = Consent({
            state: State.Live,
            grantedAt: uint40(block.timestamp),
            notBefore: uint40(bounds.notBefore),
            expiresAt: uint40(bounds.expiresAt),
            maxUses: uint8(bounds.maxUses),
            changes: 0,
            changedAt: 0,
            spendKey: bounds.spendKey,
            used: 0,
            usesDigest: id,
            grantDigest: keccak256(abi.encode(bounds.withdrawalHash, signaturesDigest)),
            wordDigest: 0
        });
    }

    /// @dev Slots are read once each: this is what every verification pays for.
    function _recordUse(SignedUse calldata use, bytes32 domain) private {
        (bytes32 id, uint32 number, bytes32 ticket) = (use.consent, use.number, use.ticket);
        Consent storage c = _consents[id];
        (address spendKey, uint96 used) = (c.spendKey, c.used);
        Refusal reason = Refusal.Unknown;
        // a tombstone has no spend key
        if (spendKey != address(0)) {
            reason = _signerOf(use, domain) == spendKey
                ? _checkUse(c, number, use.notAfter, used)
                : Refusal.SignatureWrong;
        }
        if (reason != Refusal.None) {
            emit UseRefused(id, number, ticket, reason, msg.sender);
            return;
        }

        c.used = used | _bit(number);
        c.usesDigest = _nextDigest(c.usesDigest, number, ticket);

        emit UseRecorded(id, number, ticket, uint64(block.timestamp), msg.sender);
    }

    function _answer(
        bytes32 askedHash,
        address answerKey,
        bytes32 id,
        RequestState answer,
        bytes calldata signature
    ) private returns (bytes32 requestId) {
        requestId = requestIdOf(askedHash, answerKey);
        if (_requests[requestId] != RequestState.Open) revert RequestNotOpen(requestId);
        if (!_signed(keccak256(abi.encode(ANSWER_TYPEHASH, requestId, id)), signature, answerKey)) {
            revert RequestSignatureWrong(requestId);
        }

        _requests[requestId] = answer;
    }

    /// @dev Checks the steward key's word for the next change, and records everything of it but the state.
    function _change(
        Consent storage c,
        bytes32 id,
        ChangeKind kind,
        uint24 number,
        bytes32 wordDigest,
        address stewardKey,
        bytes calldata signature
    ) private {
        uint24 next = c.changes + 1;
        if (number != next) revert ConsentChangeNumberWrong(id, number, next);
        bytes32 structHash = keccak256(abi.encode(CHANGE_TYPEHASH, id, number, kind, wordDigest));
        if (!_signed(structHash, signature, stewardKey)) revert ConsentSignatureWrong(id);

        c.changes = next;
        c.changedAt = uint40(block.timestamp);
        c.wordDigest = wordDigest;
    }

    function _requireNotWithdrawn(bytes32 id) private view returns (Consent storage c) {
        c = _consents[id];
        if (c.state == State.Withdrawn) revert ConsentNotLive(id);
    }

    function _requireGranted(bytes32 id) private view returns (Consent storage c) {
        c = _requireNotWithdrawn(id);
        if (c.state == State.None) revert ConsentUnknown(id);
    }

    function _requireBounds(bytes32 id, Bounds calldata b) private view {
        if (b.expiresAt <= b.notBefore || b.expiresAt > type(uint40).max) {
            revert ConsentPeriodInvalid(id, b.notBefore, b.expiresAt);
        }
        if (b.expiresAt <= block.timestamp) revert ConsentExpired(id);
        if (b.grantBefore <= block.timestamp) revert ConsentGrantLate(id, b.grantBefore);
        if (b.maxUses == 0 || b.maxUses > MAX_USES) revert ConsentUsesInvalid(id, b.maxUses, MAX_USES);
        if (b.spendKey == address(0) || b.stewardKey == address(0)) revert ConsentKeyZero(id);
        if (b.withdrawalHash == 0) revert ConsentWithdrawalHashZero(id);
    }

    /// @dev The one rule of use, after the signature, so that a refusal by it is one of a use that the bank did sign.
    function _checkUse(Consent storage c, uint32 number, uint64 notAfter, uint96 used)
        private
        view
        returns (Refusal)
    {
        (State state, uint40 notBefore, uint40 expiresAt, uint8 maxUses) =
            (c.state, c.notBefore, c.expiresAt, c.maxUses);
        if (state != State.Live) return state == State.Withdrawn ? Refusal.Withdrawn : Refusal.Paused;
        if (block.timestamp < notBefore) return Refusal.NotYetValid;
        if (block.timestamp >= expiresAt) return Refusal.Expired;
        if (block.timestamp > notAfter) return Refusal.TooLate;
        if (number == 0 || number > maxUses) return Refusal.NumberInvalid;
        return used & _bit(number) == 0 ? Refusal.None : Refusal.NumberUsed;
    }

    function _signerOf(SignedUse calldata use, bytes32 domain) private pure returns (address signer) {
        (signer,,) = ECDSA.tryRecover(MessageHashUtils.toTypedDataHash(domain, _useHash(use)), use.r, use.vs);
    }

    /// @dev No key is the zero address, which is what a signature that recovers to nothing gives.
    function _signed(bytes32 structHash, bytes calldata signature, address key) private view returns (bool) {
        (address signer, ECDSA.RecoverError problem,) =
            ECDSA.tryRecover(_hashTypedDataV4(structHash), signature);
        return problem == ECDSA.RecoverError.NoError && signer == key;
    }

    /// @dev The struct hash of Use, whose members are the first four words of SignedUse.
    function _useHash(SignedUse calldata use) private pure returns (bytes32 hash) {
        bytes32 typehash = USE_TYPEHASH;
        assembly ("memory-safe") {
            let start := mload(0x40)
            mstore(start, typehash)
            calldatacopy(add(start, 0x20), use, 0x80)
            hash := keccak256(start, 0xa0)
        }
    }

    /// @dev keccak256(abi.encode(digest, use's number, ticket, time of the block)), in memory that nothing holds on to.
    function _nextDigest(bytes32 digest, uint32 use, bytes32 ticket) private view returns (bytes32 next) {
        assembly ("memory-safe") {
            let start := mload(0x40)
            mstore(start, digest)
            mstore(add(start, 0x20), use)
            mstore(add(start, 0x40), ticket)
            mstore(add(start, 0x60), timestamp())
            next := keccak256(start, 0x80)
        }
    }

    /// @dev Number 1 is the lowest bit; `number` is from 1 to 96.
    function _bit(uint32 number) private pure returns (uint96) {
        unchecked {
            return uint96(1) << (number - 1);
        }
    }
}
