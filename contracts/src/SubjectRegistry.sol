// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IMemberRegistry, Role} from "./interfaces/IMemberRegistry.sol";
import {ISubjectRegistry} from "./interfaces/ISubjectRegistry.sol";

/// @title SubjectRegistry
/// @notice See ISubjectRegistry for what it promises.
contract SubjectRegistry is ISubjectRegistry {
    /// @notice Who the members are and which keys are theirs.
    IMemberRegistry public immutable MEMBERS;

    mapping(bytes32 subjectId => Entry[]) private _entries;

    constructor(IMemberRegistry members) {
        MEMBERS = members;
    }

    /// @inheritdoc ISubjectRegistry
    function register(bytes32 subjectId, bytes32 commitment) external {
        bytes32 registrar = MEMBERS.actorOf(msg.sender, Role.REGISTRAR);
        if (subjectId == 0) revert SubjectIdZero();
        if (_entries[subjectId].length != 0) revert SubjectExists(subjectId);

        _append(subjectId, commitment, registrar);

        emit SubjectRegistered(subjectId, commitment);
    }

    /// @inheritdoc ISubjectRegistry
    function rotate(bytes32 subjectId, bytes32 commitment) external {
        bytes32 registrar = MEMBERS.actorOf(msg.sender, Role.REGISTRAR);
        if (_entries[subjectId].length == 0) revert SubjectUnknown(subjectId);

        _append(subjectId, commitment, registrar);

        emit SubjectRotated(subjectId, commitment);
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

    function _append(bytes32 subjectId, bytes32 commitment, bytes32 registrar) private {
        if (commitment == 0) revert SubjectCommitmentZero(subjectId);

        _entries[subjectId].push(Entry(commitment, uint64(block.timestamp), registrar));
    }
}
