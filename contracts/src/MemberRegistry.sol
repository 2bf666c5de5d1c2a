// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {CouncilOwned} from "./CouncilOwned.sol";
import {IMemberRegistry, Role} from "./interfaces/IMemberRegistry.sol";

/// @title MemberRegistry
/// @notice See IMemberRegistry for what it promises.
contract MemberRegistry is IMemberRegistry, CouncilOwned {
    /// @notice How far a chain of successors is followed.
    uint256 public constant MAX_SUCCESSORS = 8;

    mapping(bytes32 id => Member) private _members;
    mapping(bytes32 id => mapping(address key => KeyRecord)) private _keys;
    /// @inheritdoc IMemberRegistry
    mapping(address key => bytes32 id) public memberOf;
    mapping(address validator => Validator) private _validators;
    /// @inheritdoc IMemberRegistry
    bool public frozen;

    constructor(address council) CouncilOwned(council) {}

    /// @inheritdoc IMemberRegistry
    function addMember(bytes32 id, uint8 roles, string calldata name, string calldata serviceUrl)
        external
        onlyOwner
    {
        if (id == 0) revert MemberIdZero();
        Member storage m = _members[id];
        if (m.state != State.None) revert MemberExists(id);
        if (roles & ~Role.ALL != 0) revert MemberRolesInvalid(id, roles);

        uint64 addedAt = uint64(block.timestamp);
        m.roles = roles;
        m.state = State.Active;
        m.addedAt = addedAt;
        m.stateSince = addedAt;
        m.name = name;
        m.serviceUrl = serviceUrl;

        emit MemberAdded(id, roles, addedAt, name, serviceUrl);
    }

    /// @inheritdoc IMemberRegistry
    function addRoles(bytes32 id, uint8 roles) external onlyOwner {
        Member storage m = _requireNotLeft(id);
        _requireRoles(id, roles);

        _setRoles(m, id, m.roles | roles);
    }

    /// @inheritdoc IMemberRegistry
    function removeRoles(bytes32 id, uint8 roles) external onlyOwner {
        Member storage m = _requireMember(id);
        _requireRoles(id, roles);

        _setRoles(m, id, m.roles & ~roles);
    }

    /// @inheritdoc IMemberRegistry
    function suspend(bytes32 id) external onlyOwner {
        Member storage m = _requireMember(id);
        if (m.state != State.Active) revert MemberTransitionIllegal(id, m.state, State.Suspended);

        _setState(m, id, State.Suspended);
    }

    /// @inheritdoc IMemberRegistry
    function reactivate(bytes32 id) external onlyOwner {
        Member storage m = _requireMember(id);
        if (m.state != State.Suspended) revert MemberTransitionIllegal(id, m.state, State.Active);

        _setState(m, id, State.Active);
    }

    /// @inheritdoc IMemberRegistry
    function retire(bytes32 id) external onlyOwner {
        Member storage m = _requireMember(id);
        if (m.state == State.Left) revert MemberTransitionIllegal(id, m.state, State.Left);

        _setState(m, id, State.Left);
    }

    /// @inheritdoc IMemberRegistry
    function setSuccessor(bytes32 id, bytes32 successor) external onlyOwner {
        Member storage m = _requireMember(id);
        if (successor != 0) _requireMember(successor);
        if (successor == id) revert MemberSuccessorInvalid(id, successor);

        m.successor = successor;

        emit MemberSuccessorChanged(id, successor);
    }

    /// @inheritdoc IMemberRegistry
    function setServiceUrl(bytes32 id, string calldata serviceUrl) external onlyOwner {
        Member storage m = _requireNotLeft(id);

        m.serviceUrl = serviceUrl;

        emit MemberServiceUrlChanged(id, serviceUrl);
    }

    /// @inheritdoc IMemberRegistry
    function addKey(bytes32 id, address key, uint8 purposes, uint64 validFrom, uint64 validUntil)
        external
        onlyOwner
    {
        _requireNotLeft(id);
        if (key == address(0)) revert MemberKeyZero();
        if (memberOf[key] != 0) revert MemberKeyTaken(key, memberOf[key]);
        if (purposes == 0) revert MemberKeyPurposesZero(key);
        if (validUntil <= validFrom) revert MemberKeyPeriodInvalid(key, validFrom, validUntil);

        memberOf[key] = id;
        _keys[id][key] = KeyRecord(validFrom, validUntil, 0, purposes);

        emit KeyAdded(id, key, purposes, validFrom, validUntil);
    }

    /// @inheritdoc IMemberRegistry
    function endKey(address key, uint64 validUntil) external onlyOwner {
        (bytes32 id, KeyRecord storage record) = _requireKey(key);
        uint64 end = validUntil < block.timestamp ? uint64(block.timestamp) : validUntil;
        if (end >= record.validUntil) return;

        record.validUntil = end;

        emit KeyEnded(id, key, end);
    }

    /// @inheritdoc IMemberRegistry
    function markCompromised(address key, uint64 from) external onlyOwner {
        (bytes32 id, KeyRecord storage record) = _requireKey(key);
        uint64 recorded = record.compromisedFrom;
        uint64 time = from == 0 ? uint64(block.timestamp) : from;
        if (recorded != 0 && time >= recorded) return;

        record.compromisedFrom = time;

        emit KeyCompromised(id, key, time);
    }

    /// @inheritdoc IMemberRegistry
    function addValidator(bytes32 id, address validator) external onlyOwner {
        State state = _requireMember(id).state;
        if (state != State.Active) revert MemberNotActive(id, state);
        if (validator == address(0)) revert ValidatorZero();
        Validator storage v = _validators[validator];
        bool free = v.member == 0 || (v.member == id && v.removedAt != 0);
        if (!free) revert ValidatorExists(validator, v.member);

        v.member = id;
        v.admittedAt = uint64(block.timestamp);
        v.removedAt = 0;

        emit ValidatorAdded(validator, id, v.admittedAt);
    }

    /// @inheritdoc IMemberRegistry
    function removeValidator(address validator) external onlyOwner {
        Validator storage v = _validators[validator];
        if (v.member == 0 || v.removedAt != 0) revert ValidatorUnknown(validator);

        v.removedAt = uint64(block.timestamp);

        emit ValidatorRemoved(validator, v.member, v.removedAt);
    }

    /// @inheritdoc IMemberRegistry
    function setFrozen(bool frozen_) external onlyOwner {
        if (frozen_ == frozen) return;

        frozen = frozen_;

        emit MembersFrozenChanged(frozen_);
    }

    /// @inheritdoc IMemberRegistry
    function keyRecord(bytes32 id, address key) external view returns (KeyRecord memory) {
        return _keys[id][key];
    }

    /// @inheritdoc IMemberRegistry
    function member(bytes32 id) external view returns (Member memory) {
        return _members[id];
    }

    /// @inheritdoc IMemberRegistry
    function validatorRecord(address validator)
        external
        view
        returns (bytes32 id, uint64 admittedAt, uint64 removedAt)
    {
        Validator storage v = _validators[validator];
        return (v.member, v.admittedAt, v.removedAt);
    }

    /// @inheritdoc IMemberRegistry
    function isSuccessor(bytes32 id, bytes32 predecessor) external view returns (bool) {
        bytes32 current = predecessor;
        for (uint256 i = 0; i < MAX_SUCCESSORS; ++i) {
            current = _members[current].successor;
            if (current == 0) return false;
            if (current == id) return true;
        }
        return false;
    }

    /// @inheritdoc IMemberRegistry
    function actorOf(address key, uint8 roleMask, uint8 purpose) external view returns (bytes32 id) {
        id = memberOf[key];
        if (id == 0) revert MemberKeyUnknown(key);
        requireActor(id, key, roleMask, purpose);
    }

    /// @inheritdoc IMemberRegistry
    function requireActor(bytes32 id, address key, uint8 roleMask, uint8 purpose) public view {
        requireNotFrozen();
        Member storage m = _members[id];
        (uint8 roles, State state) = (m.roles, m.state);
        if (state == State.None) revert MemberUnknown(id);
        if (state != State.Active) revert MemberNotActive(id, state);
        if (roles & roleMask == 0) revert MemberLacksRole(id, roleMask);
        KeyRecord memory record = _keys[id][key];
        if (!_isValid(record)) revert MemberKeyNotValid(key);
        if (record.purposes & purpose == 0) revert MemberKeyLacksPurpose(key, purpose);
    }

    /// @inheritdoc IMemberRegistry
    function requireNotFrozen() public view {
        if (frozen) revert MembersFrozen();
    }

    function _setRoles(Member storage m, bytes32 id, uint8 roles) private {
        m.roles = roles;

        emit MemberRolesChanged(id, roles);
    }

    function _setState(Member storage m, bytes32 id, State state) private {
        m.state = state;
        m.stateSince = uint64(block.timestamp);

        emit MemberStateChanged(id, state, m.stateSince);
    }

    /// @dev A record of zeros has validUntil 0 and so is never valid.
    function _isValid(KeyRecord memory record) private view returns (bool) {
        return record.validFrom <= block.timestamp && block.timestamp < record.validUntil
            && (record.compromisedFrom == 0 || block.timestamp < record.compromisedFrom);
    }

    function _requireMember(bytes32 id) private view returns (Member storage m) {
        m = _members[id];
        if (m.state == State.None) revert MemberUnknown(id);
    }

    function _requireNotLeft(bytes32 id) private view returns (Member storage m) {
        m = _requireMember(id);
        if (m.state == State.Left) revert MemberNotActive(id, State.Left);
    }

    function _requireKey(address key) private view returns (bytes32 id, KeyRecord storage record) {
        id = memberOf[key];
        if (id == 0) revert MemberKeyUnknown(key);
        record = _keys[id][key];
    }

    function _requireRoles(bytes32 id, uint8 roles) private pure {
        if (roles == 0 || roles & ~Role.ALL != 0) revert MemberRolesInvalid(id, roles);
    }
}
