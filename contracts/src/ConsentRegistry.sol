// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IConsentRegistry} from "./interfaces/IConsentRegistry.sol";
import {IMemberRegistry, Role} from "./interfaces/IMemberRegistry.sol";

/// @title ConsentRegistry
/// @notice See IConsentRegistry for what it promises.
contract ConsentRegistry is IConsentRegistry {
    uint256 public constant MAX_USES_AT_A_TIME = 1024;
    bytes1 private constant SECRET_TAG = 0x40;

    /// @notice Who the members are and which keys are theirs.
    IMemberRegistry public immutable MEMBERS;

    mapping(bytes32 id => Consent) private _consents;
    mapping(bytes32 requestId => RequestState) private _requests;

    constructor(IMemberRegistry members) {
        MEMBERS = members;
    }

    /// @inheritdoc IConsentRegistry
    function request(bytes32 requestId) external {
        bytes32 relayer = MEMBERS.actorOf(msg.sender, Role.RELAYER);
        if (requestId == 0) revert RequestIdZero();
        if (_requests[requestId] != RequestState.None) revert RequestExists(requestId);

        _requests[requestId] = RequestState.Open;

        emit ConsentRequested(requestId, relayer);
    }

    /// @inheritdoc IConsentRegistry
    function refuse(bytes32 requestId) external {
        bytes32 relayer = MEMBERS.actorOf(msg.sender, Role.RELAYER);

        _answer(requestId, RequestState.Refused);

        emit RequestRefused(requestId, relayer);
    }

    /// @inheritdoc IConsentRegistry
    function grant(
        bytes32 id,
        uint64 notBefore,
        uint64 expiresAt,
        uint32 maxUses,
        bytes32 revocationHash,
        bytes32 requestId
    ) external {
        bytes32 relayer = MEMBERS.actorOf(msg.sender, Role.RELAYER);
        if (id == 0) revert ConsentIdZero();
        if (_consents[id].state != State.None) revert ConsentExists(id);
        if (expiresAt <= notBefore || expiresAt > type(uint40).max) {
            revert ConsentPeriodInvalid(id, notBefore, expiresAt);
        }
        if (expiresAt <= block.timestamp) revert ConsentExpired(id);
        if (maxUses == 0) revert ConsentUsesZero(id);
        if (revocationHash == 0) revert ConsentRevocationHashZero(id);

        _consents[id] = Consent({
            state: State.Live,
            grantedAt: uint40(block.timestamp),
            notBefore: uint40(notBefore),
            expiresAt: uint40(expiresAt),
            maxUses: maxUses,
            uses: 0,
            withdrawnAt: 0,
            changes: 0,
            revocationHash: revocationHash
        });

        emit ConsentGranted(id, relayer, notBefore, expiresAt, maxUses);

        if (requestId != 0) {
            _answer(requestId, RequestState.Granted);
            emit RequestGranted(requestId, id);
        }
    }

    /// @inheritdoc IConsentRegistry
    function pause(bytes32 id, uint24 number) external {
        bytes32 relayer = MEMBERS.actorOf(msg.sender, Role.RELAYER);
        Consent storage c = _requireNotWithdrawn(id);
        if (c.state == State.Paused) revert ConsentAlreadyPaused(id);

        _change(c, id, number, State.Paused);

        emit ConsentPaused(id, relayer, number);
    }

    /// @inheritdoc IConsentRegistry
    function resume(bytes32 id, uint24 number) external {
        bytes32 relayer = MEMBERS.actorOf(msg.sender, Role.RELAYER);
        Consent storage c = _requireNotWithdrawn(id);
        if (c.state != State.Paused) revert ConsentNotPaused(id);

        _change(c, id, number, State.Live);

        emit ConsentResumed(id, relayer, number);
    }

    /// @inheritdoc IConsentRegistry
    function withdraw(bytes32 id, bytes32 secret) external {
        Consent storage c = _requireNotWithdrawn(id);
        if (keccak256(abi.encodePacked(SECRET_TAG, secret)) != c.revocationHash) {
            revert ConsentWrongSecret(id);
        }

        _withdraw(c, id, 0);
    }

    /// @inheritdoc IConsentRegistry
    function withdrawByRelayer(bytes32 id) external {
        bytes32 relayer = MEMBERS.actorOf(msg.sender, Role.RELAYER);
        Consent storage c = _requireNotWithdrawn(id);

        _withdraw(c, id, relayer);
    }

    /// @inheritdoc IConsentRegistry
    function recordUses(bytes32[] calldata ids, bytes32[] calldata useIds) external {
        MEMBERS.actorOf(msg.sender, Role.DEPARTMENT | Role.RELAYER);
        if (ids.length != useIds.length) revert UseListsUneven(ids.length, useIds.length);
        if (ids.length > MAX_USES_AT_A_TIME) revert UseListTooLong(ids.length, MAX_USES_AT_A_TIME);

        for (uint256 i = 0; i < ids.length; ++i) {
            _recordUse(ids[i], useIds[i]);
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
    function isLive(bytes32 id) external view returns (bool live) {
        (live,) = _usable(_consents[id]);
    }

    /// @inheritdoc IConsentRegistry
    function exists(bytes32 id) external view returns (bool) {
        return _consents[id].state != State.None;
    }

    function _withdraw(Consent storage c, bytes32 id, bytes32 relayer) private {
        c.state = State.Withdrawn;
        c.withdrawnAt = uint40(block.timestamp);

        emit ConsentWithdrawn(id, relayer);
    }

    function _recordUse(bytes32 id, bytes32 useId) private {
        Consent storage c = _consents[id];
        (bool usable, Refusal reason) = _usable(c);
        if (!usable) {
            emit UseRefused(id, useId, reason);
            return;
        }

        uint32 uses;
        unchecked {
            // less than maxUses, so that it cannot overflow
            uses = c.uses + 1;
        }
        c.uses = uses;

        emit UseRecorded(id, useId, uses);
    }

    function _answer(bytes32 requestId, RequestState answer) private {
        if (_requests[requestId] != RequestState.Open) revert RequestNotOpen(requestId);

        _requests[requestId] = answer;
    }

    function _change(Consent storage c, bytes32 id, uint24 number, State state) private {
        uint24 next = c.changes + 1;
        if (number != next) revert ConsentChangeNumberWrong(id, number, next);

        c.changes = next;
        c.state = state;
    }

    function _requireNotWithdrawn(bytes32 id) private view returns (Consent storage c) {
        c = _consents[id];
        if (c.state == State.None) revert ConsentUnknown(id);
        if (c.state == State.Withdrawn) revert ConsentNotLive(id);
    }

    /// @dev The one rule of use. The reason says something only when it is not usable.
    function _usable(Consent storage c) private view returns (bool usable, Refusal reason) {
        State state = c.state;
        if (state != State.Live) {
            if (state == State.None) return (false, Refusal.Unknown);
            return (false, state == State.Withdrawn ? Refusal.Withdrawn : Refusal.Paused);
        }
        if (block.timestamp < c.notBefore) return (false, Refusal.NotYetValid);
        if (block.timestamp >= c.expiresAt) return (false, Refusal.Expired);
        if (c.uses >= c.maxUses) return (false, Refusal.Exhausted);
        return (true, Refusal.Unknown);
    }
}
