// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IMemberRegistry, Role} from "./interfaces/IMemberRegistry.sol";
import {ISubjectRegistry} from "./interfaces/ISubjectRegistry.sol";

/// @title SubjectRegistry
/// @notice See ISubjectRegistry for what it promises.
contract SubjectRegistry is ISubjectRegistry {
    /// @notice How long controllers have to cancel a recovery.
    uint64 public constant RECOVERY_DELAY = 72 hours;

    /// @notice Who the members are and which keys are theirs.
    IMemberRegistry public immutable MEMBERS;

    mapping(bytes32 subjectId => Entry[]) private _entries;
    mapping(bytes32 subjectId => Recovery) private _recoveries;

    constructor(IMemberRegistry members) {
        MEMBERS = members;
    }

    /// @inheritdoc ISubjectRegistry
    function register(bytes32 subjectId, bytes32 commitment) external {
        bytes32 registrar = MEMBERS.actorOf(msg.sender, Role.REGISTRAR);
        if (subjectId == 0) revert SubjectIdZero();
        if (_entries[subjectId].length != 0) revert SubjectExists(subjectId);
        if (commitment == 0) revert SubjectCommitmentZero(subjectId);

        _append(subjectId, commitment, registrar);

        emit SubjectRegistered(subjectId, commitment);
    }

    /// @inheritdoc ISubjectRegistry
    function rotate(bytes32 subjectId, bytes32 commitment) external {
        bytes32 registrar = MEMBERS.actorOf(msg.sender, Role.REGISTRAR);
        _requireChange(subjectId, commitment);
        Recovery storage r = _recoveries[subjectId];

        if (r.commitment != 0) _cancel(r, subjectId, registrar);
        _append(subjectId, commitment, registrar);

        emit SubjectRotated(subjectId, commitment);
    }

    /// @inheritdoc ISubjectRegistry
    function requestRecovery(bytes32 subjectId, bytes32 commitment) external {
        bytes32 registrar = MEMBERS.actorOf(msg.sender, Role.REGISTRAR);
        _requireChange(subjectId, commitment);
        Recovery storage r = _recoveries[subjectId];
        if (r.commitment != 0) revert SubjectRecoveryPending(subjectId, r.number);

        uint64 number = r.number + 1;
        uint64 requestedAt = uint64(block.timestamp);
        r.commitment = commitment;
        r.number = number;
        r.requestedAt = requestedAt;

        emit SubjectRecoveryRequested(subjectId, number, commitment, requestedAt + RECOVERY_DELAY, registrar);
    }

    /// @inheritdoc ISubjectRegistry
    function cancelRecovery(bytes32 subjectId, uint64 number) external {
        bytes32 by = MEMBERS.actorOf(msg.sender, Role.RELAYER | Role.REGISTRAR);
        Recovery storage r = _requirePending(subjectId, number);

        _cancel(r, subjectId, by);
    }

    /// @inheritdoc ISubjectRegistry
    function completeRecovery(bytes32 subjectId, uint64 number) external {
        bytes32 registrar = MEMBERS.actorOf(msg.sender, Role.REGISTRAR);
        Recovery storage r = _requirePending(subjectId, number);
        uint64 completableAt = r.requestedAt + RECOVERY_DELAY;
        if (block.timestamp < completableAt) revert SubjectRecoveryEarly(subjectId, completableAt);

        bytes32 commitment = r.commitment;
        r.commitment = 0;
        _append(subjectId, commitment, registrar);

        emit SubjectRecovered(subjectId, number, commitment);
    }

    /// @inheritdoc ISubjectRegistry
    function count(bytes32 subjectId) external view returns (uint256) {
        return _entries[subjectId].length;
    }

    /// @inheritdoc ISubjectRegistry
    function entry(bytes32 subjectId, uint256 index) external view returns (Entry memory) {
        if (index >= _entries[subjectId].length) revert SubjectEntryUnknown(subjectId, index);
        return _entries[subjectId][index];
    }

    /// @inheritdoc ISubjectRegistry
    function recovery(bytes32 subjectId) external view returns (Recovery memory) {
        return _recoveries[subjectId];
    }

    function _append(bytes32 subjectId, bytes32 commitment, bytes32 registrar) private {
        _entries[subjectId].push(Entry(commitment, uint64(block.timestamp), registrar));
    }

    function _cancel(Recovery storage r, bytes32 subjectId, bytes32 by) private {
        r.commitment = 0;

        emit SubjectRecoveryCancelled(subjectId, r.number, by);
    }

    function _requireChange(bytes32 subjectId, bytes32 commitment) private view {
        Entry[] storage entries = _entries[subjectId];
        uint256 length = entries.length;
        if (length == 0) revert SubjectUnknown(subjectId);
        if (commitment == 0) revert SubjectCommitmentZero(subjectId);
        if (entries[length - 1].commitment == commitment) revert SubjectCommitmentCurrent(subjectId);
    }

    function _requirePending(bytes32 subjectId, uint64 number) private view returns (Recovery storage r) {
        r = _recoveries[subjectId];
        if (r.commitment == 0 || r.number != number) revert SubjectRecoveryNotPending(subjectId, number);
    }
}
