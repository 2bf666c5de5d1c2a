// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {CouncilOwned} from "./CouncilOwned.sol";
import {IMemberRegistry, Role} from "./interfaces/IMemberRegistry.sol";

/// @title MemberRegistry
/// @notice See IMemberRegistry for what it promises.
contract MemberRegistry is IMemberRegistry, CouncilOwned {
    mapping(bytes32 id => Member) private _members;
    mapping(bytes32 id => mapping(address key => KeyRecord)) private _keys;
    /// @inheritdoc IMemberRegistry
    mapping(address key => bytes32 id) public memberOf;

    constructor(address council) CouncilOwned(council) {}

    /// @inheritdoc IMemberRegistry
    function addMember(bytes32 id, uint8 roles, string calldata name, string calldata serviceUrl)
        external
        onlyOwner
    {
        if (id == 0) revert MemberIdZero();
        Member storage m = _members[id];
        if (m.state != State.None) revert MemberExists(id);
        _requireRoles(id, roles);

        m.roles = roles;
        m.state = State.Active;
        m.addedAt = uint64(block.timestamp);
        m.stateSince = uint64(block.timestamp);
        m.name = name;
        m.serviceUrl = serviceUrl;

        emit MemberAdded(id, roles, name, serviceUrl);
    }

    /// @inheritdoc IMemberRegistry
    function setRoles(bytes32 id, uint8 roles) external onlyOwner {
        Member storage m = _requireNotLeft(id);
        _requireRoles(id, roles);

        m.roles = roles;

        emit MemberRolesChanged(id, roles);
    }

    /// @inheritdoc IMemberRegistry
    function setState(bytes32 id, State state) external onlyOwner {
        Member storage m = _requireMember(id);
        bool legal = m.state != State.Left && state != State.None && state != m.state;
        if (!legal) revert MemberTransitionIllegal(id, m.state, state);

        m.state = state;
        m.stateSince = uint64(block.timestamp);

        emit MemberStateChanged(id, state);
    }

    /// @inheritdoc IMemberRegistry
    function setSuccessor(bytes32 id, bytes32 successor) external onlyOwner {
        Member storage m = _requireMember(id);
        _requireMember(successor);
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
    function addKey(bytes32 id, address key, uint64 validFrom, uint64 validUntil) external onlyOwner {
        _requireNotLeft(id);
        if (key == address(0)) revert MemberKeyZero();
        if (memberOf[key] != 0) revert MemberKeyTaken(key, memberOf[key]);
        if (validUntil <= validFrom) revert MemberKeyPeriodInvalid(key, validFrom, validUntil);

        memberOf[key] = id;
        _keys[id][key] = KeyRecord(validFrom, validUntil, 0);

        emit KeyAdded(id, key, validFrom, validUntil);
    }

    /// @inheritdoc IMemberRegistry
    function endKey(address key, uint64 validUntil) external onlyOwner {
        (bytes32 id, KeyRecord storage record) = _requireKey(key);
        if (validUntil < block.timestamp || validUntil >= record.validUntil) {
            revert MemberKeyPeriodInvalid(key, record.validFrom, validUntil);
        }

        record.validUntil = validUntil;

        emit KeyEnded(id, key, validUntil);
    }

    /// @inheritdoc IMemberRegistry
    function markCompromised(address key, uint64 from) external onlyOwner {
        (bytes32 id, KeyRecord storage record) = _requireKey(key);
        uint64 recorded = record.compromisedFrom;
        if (from == 0 || (recorded != 0 && from >= recorded)) {
            revert MemberKeyCompromiseInvalid(key, recorded, from);
        }

        record.compromisedFrom = from;

        emit KeyCompromised(id, key, from);
    }

    /// @inheritdoc IMemberRegistry
    function keyRecord(bytes32 id, address key)
        external
        view
        returns (uint64 validFrom, uint64 validUntil, uint64 compromisedFrom)
    {
        KeyRecord memory record = _keys[id][key];
        return (record.validFrom, record.validUntil, record.compromisedFrom);
    }

    /// @inheritdoc IMemberRegistry
    function member(bytes32 id) external view returns (Member memory) {
        return _members[id];
    }

    /// @inheritdoc IMemberRegistry
    function actorOf(address key, uint8 roleMask) external view returns (bytes32 id) {
        id = memberOf[key];
        if (id == 0) revert MemberKeyUnknown(key);
        requireActor(id, key, roleMask);
    }

    /// @inheritdoc IMemberRegistry
    function requireActor(bytes32 id, address key, uint8 roleMask) public view {
        Member storage m = _members[id];
        (uint8 roles, State state) = (m.roles, m.state);
        if (state == State.None) revert MemberUnknown(id);
        if (state != State.Active) revert MemberNotActive(id, state);
        if (roles & roleMask == 0) revert MemberLacksRole(id, roleMask);
        if (!_isValid(_keys[id][key])) revert MemberKeyNotValid(key);
    }

    /// @dev A record of zeros has validUntil 0 and so is never valid.
    function _isValid(KeyRecord storage record) private view returns (bool) {
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
        if (roles & ~Role.ALL != 0) revert MemberRolesInvalid(id, roles);
    }
}
